"""Short requests go first; nobody is forgotten."""

import threading

import pytest

from chatapp.inference.turnstile import Gate, Turnstile


class Line:
    """Threads that queue at a turnstile whose one place is taken, and the order they ran in."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.ran: list[str] = []
        self.threads: list[threading.Thread] = []

    def queue(self, name: str, *, hurried: bool) -> None:
        def run() -> None:
            with Gate(self.turnstile, hurried=hurried):
                self.ran.append(name)

        thread = threading.Thread(target=run)
        before = self.turnstile.waiting
        thread.start()
        self.threads.append(thread)
        while self.turnstile.waiting == before:
            threading.Event().wait(0.001)

    def finish(self) -> list[str]:
        for thread in self.threads:
            thread.join(10)
        return self.ran


def test_a_short_request_goes_before_long_ones_that_came_earlier() -> None:
    turnstile = Turnstile()
    line = Line(turnstile)
    with Gate(turnstile, hurried=False):
        line.queue("ingestion", hurried=False)
        line.queue("more ingestion", hurried=False)
        line.queue("question", hurried=True)
        line.queue("another question", hurried=True)
    assert line.finish() == ["question", "another question", "ingestion", "more ingestion"]


def test_no_more_threads_pass_than_there_are_places() -> None:
    turnstile = Turnstile(places=2)
    line = Line(turnstile)
    with Gate(turnstile, hurried=False), Gate(turnstile, hurried=True):
        line.queue("third", hurried=True)
        assert line.ran == []
    assert line.finish() == ["third"]


def test_a_gate_can_be_entered_again_and_again() -> None:
    gate = Gate(Turnstile(), hurried=False)
    for _ in range(3):
        with gate:
            pass


def test_a_place_is_given_back_after_an_error() -> None:
    gate = Gate(Turnstile(), hurried=False)
    with pytest.raises(ValueError, match="broken"), gate:
        raise ValueError("broken")
    with gate:
        pass
