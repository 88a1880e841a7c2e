"""The built-in model server: ``python -m chatapp.launch.llama URL WEIGHTS``.

It is llama.cpp's own OpenAI-compatible server, out of the xllamacpp wheel.
"""

import os
import signal
import socket
import sys
from urllib.parse import urlsplit

import xllamacpp

from chatapp.launch.plan import DEMO_SLOTS as SLOTS

CONTEXT_TOKENS_PER_SLOT = 4096
PROMPT_CACHE_MIB = 256
ERRORS_ONLY = 1


def parameters(url: str, weights: str) -> xllamacpp.CommonParams:
    """Parameters for SLOTS answers at once; the context is divided among the slots."""
    parts = urlsplit(url)
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {"smollm2-135m-instruct"}
    params.hostnames = [parts.hostname]
    params.port = parts.port
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * CONTEXT_TOKENS_PER_SLOT
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads()
    # Idle threads would otherwise spin on the cores that everything else needs.
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    # So small a model says the same sentence for ever. DRY makes a repetition less likely the
    # longer it gets, and looks at the last 64 tokens only: passages may still be quoted.
    params.sampling.dry_multiplier = 0.8
    params.sampling.dry_allowed_length = 3
    params.warmup = False
    params.verbosity = ERRORS_ONLY
    params.endpoint_metrics = True
    params.ui = False
    # No page of another site may talk to it through somebody's browser.
    params.cors_origins = url
    params.cors_origins_explicit = True
    return params


def threads() -> int:
    """Half of the cores, at most four: its threads wait for each other at every layer, so that
    one that shares its core with a busy process holds all of them up."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def refuse_taken(url: str) -> None:
    """Raises SystemExit with a sentence if the address cannot be listened on."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((parts.hostname, parts.port))
        except OSError as error:
            raise SystemExit(
                f"The model server cannot listen on {url}: {error.strerror}."
            ) from None


def main(url: str, weights: str) -> None:
    """Serve until SIGTERM or SIGINT. Raises SystemExit with a sentence if it cannot."""
    refuse_taken(url)
    try:
        server = xllamacpp.Server(parameters(url, weights))  # noqa: F841  it serves while it lives
    except RuntimeError as error:
        raise SystemExit(f"The model server cannot start with {weights}: {error}") from None
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    # It has nothing to save, and its own end waits for ever if it comes just after its start.
    os._exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(*sys.argv[1:3])
