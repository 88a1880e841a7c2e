"""A pytest plug-in: which tests run, in which order, and nothing left out in silence.

Tests that need a browser are left out, and said to be, where there is none. Every other skip
fails the run unless its reason is listed here.
"""

import os
import shutil
from collections.abc import Iterator

import pytest

ALLOWED_SKIPS: frozenset[str] = frozenset()
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LEFT_OUT = pytest.StashKey[int]()
ROWS = frozenset({"db", "transactional_db"})
SKIPPED: list[str] = []


def browser_path() -> str | None:
    """The browser of this machine that the tests can drive."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def needs_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


def has_rows(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not ROWS.isdisjoint(fixtures)


def leave_out(config: pytest.Config, items: list[pytest.Item], unwanted: list[pytest.Item]) -> None:
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("PARAPET_TEST_DATABASE"):
        # What touches no row would prove the same again on the second database.
        leave_out(config, items, [item for item in items if not has_rows(item)])
    # Last, since playwright keeps an event loop running in this thread until its session ends,
    # and no asynchronous test can run beside that.
    items.sort(key=needs_browser)
    if browser_path():
        return
    left_out = [item for item in items if needs_browser(item)]
    config.stash[LEFT_OUT] = len(left_out)
    leave_out(config, items, left_out)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if reason.removeprefix("Skipped: ") not in ALLOWED_SKIPS:
            SKIPPED.append(f"{report.nodeid}: {reason}")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        SKIPPED.append(f"{report.nodeid}: {report.longrepr}")


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    if SKIPPED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    count = config.stash.get(LEFT_OUT, 0)
    if count:
        terminalreporter.write_line(
            f"{count} tests left out: they need a browser. Install Debian's (apt install "
            "chromium) and run them again.",
            yellow=True,
        )
    for line in SKIPPED:
        terminalreporter.write_line(f"skipped without leave: {line}", red=True)
