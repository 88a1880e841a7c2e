"""A line a step, with its time; a moving line on a terminal only."""

import io

import pytest

from chatapp.launch.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_one_line_with_its_time() -> None:
    out = io.StringIO()
    Console(out).done("web", "ready", 1.234)
    assert out.getvalue().split() == ["web", "ready", "1.2", "s"]


def test_a_long_step_says_now_and_then_where_it_is_when_nobody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    console = Console(out)
    now = iter([100.0, 100.0, 101.0, 111.0, 111.0])
    monkeypatch.setattr("chatapp.launch.console.time.monotonic", lambda: next(now))
    for state in ("1 of 9", "2 of 9", "3 of 9"):
        console.progress("documents", state)
    assert [line.strip() for line in out.getvalue().splitlines()] == [
        "documents     1 of 9",
        "documents     3 of 9",
    ]


def test_on_a_terminal_the_moving_line_gives_way_to_the_outcome() -> None:
    out = Terminal()
    console = Console(out)
    console.progress("documents", "1 of 9")
    console.progress("documents", "2 of 9")
    console.done("documents", "9 of 9", 2.0)
    drawn = out.getvalue()
    assert drawn.count("\r\x1b[K") == 2
    assert drawn.endswith("s\n")
    assert "2 of 9" in drawn


def test_a_moving_line_never_wraps() -> None:
    out = Terminal()
    Console(out).progress("waiting", "for " + "everything " * 20)
    assert len(out.getvalue()) < 80


def test_a_step_that_fails_claims_no_success() -> None:
    out = io.StringIO()
    console = Console(out)
    with pytest.raises(OSError, match="disk"), console.step("python", "making", "made"):
        raise OSError("disk")
    assert "made" not in out.getvalue()
