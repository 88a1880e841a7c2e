"""What the person who typed `make run` sees: one line a step, with its time.

On a terminal the line of a step under way is drawn over and over; elsewhere (a log file, a
continuous-integration run) a line is written when the step ends, and now and then before.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

QUIET_SECONDS = 10.0
WIDTH = 14


@dataclass(slots=True)
class Console:
    """Writes to ``out``; not for use by several threads at once."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    _said: float = 0.0
    _drawn: str = ""

    def say(self, text: str = "") -> None:
        """A line that stays."""
        self._erase()
        print(text, file=self.out, flush=True)
        self._said = time.monotonic()

    def done(self, name: str, outcome: str, seconds: float) -> None:
        """A step that has ended."""
        self.say(f"  {name:{WIDTH}}{outcome:44}{seconds:6.1f} s")

    def progress(self, name: str, state: str) -> None:
        """A step under way; may be called often."""
        line = f"  {name:{WIDTH}}{state}"[:79]
        if self.out.isatty():
            if line != self._drawn:
                self._erase()
                self.out.write(line)
                self.out.flush()
                self._drawn = line
        elif time.monotonic() - self._said > QUIET_SECONDS:
            self.say(line)

    @contextmanager
    def step(self, name: str, doing: str, outcome: str) -> Iterator[None]:
        """Time a step; prints nothing at its end if it raises."""
        began = time.monotonic()
        self.progress(name, doing)
        yield
        self.done(name, outcome, time.monotonic() - began)

    def _erase(self) -> None:
        if self._drawn:
            self.out.write("\r\x1b[K")
            self._drawn = ""
