"""``python -m chatapp.launch``: run everything, become one process, or ask for its health."""

import argparse
import sys

from django.core.exceptions import ImproperlyConfigured

from chatapp.launch.errors import LaunchError
from chatapp.launch.ports import reach_past_proxies

PROCESSES = ("redis", "chroma", "inference", "model", "web", "worker", "beat")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m chatapp.launch", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="start every process of the Procfile and keep it running")
    for verb, names, what in (
        ("exec", (*PROCESSES, "migrate"), "become the process NAME"),
        ("health", PROCESSES, "exit with 0 if the process NAME is well"),
    ):
        verbs.add_parser(verb, help=what).add_argument("name", choices=names)
    return top


def main() -> int:
    """The exit code: 0 for well or ended by a signal, 1 for a reason that was printed."""
    arguments = parser().parse_args()
    reach_past_proxies()
    try:
        return 0 if do(arguments.verb, arguments.name if "name" in arguments else "") else 1
    except (LaunchError, ImproperlyConfigured) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def do(verb: str, name: str) -> bool:
    """Whether it went well. Raises LaunchError, and ImproperlyConfigured for a bad setting.

    Each verb imports what it alone needs: a health check must not load the runner.
    """
    if verb == "health":
        from chatapp.launch import health

        return health.is_well(name)
    if verb == "exec":
        from chatapp.launch import entry

        entry.become(name)
    else:
        from chatapp.launch import lineage, runner

        lineage.follow_runner()  # a test session that starts a runner wants it gone with itself
        runner.main()
    return True


if __name__ == "__main__":
    sys.exit(main())
