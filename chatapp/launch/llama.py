"""The built-in model server: ``python -m chatapp.launch.llama URL WEIGHTS``.

It is llama.cpp's own OpenAI-compatible server, out of the xllamacpp wheel.
"""

import os
import signal
import sys
from urllib.parse import urlsplit

import xllamacpp

SLOTS = 4
CONTEXT_TOKENS_PER_SLOT = 4096


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
    params.cpuparams.n_threads = max(1, min(4, os.cpu_count() or 1))
    params.warmup = False
    params.endpoint_metrics = True
    return params


def main(url: str, weights: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = xllamacpp.Server(parameters(url, weights))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(*sys.argv[1:3])
