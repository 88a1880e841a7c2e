"""Bytes to messages: server-sent events and JSON lines, split at any byte.

Both parsers are fed what the socket gives and return the messages that are complete.
"""

from chatapp.backends.errors import Malformed

MOST_BYTES = 256 << 10  # of one message
BOM = b"\xef\xbb\xbf"


class JsonLines:
    """One message a line."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that ``piece`` completes. Raises Malformed for an endless one."""
        self._rest += piece
        if b"\n" not in piece:
            refuse_endless(self._rest)
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        refuse_endless(self._rest)
        return [line for line in map(bytes.strip, lines) if line]

    def finish(self) -> list[bytes]:
        """The last line, where the server sent no line break after it."""
        return self.feed(b"\n")


class ServerSentEvents:
    """The ``data`` of each event; comments, names and ids of events are dropped.

    Source: the WHATWG HTML Living Standard, 9.2.6 "Interpreting an event stream". Unlike a
    browser we keep an event that the end of the stream cuts off before its blank line, since
    servers send none after ``[DONE]``. Old llama.cpp servers send ``error: {…}`` lines.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._after_return = False
        self._begun = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that ``piece`` completes. Raises Malformed for an endless one."""
        self._rest += self._with_line_feeds(piece)
        refuse_endless(self._rest)
        if b"\n" not in self._rest:
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(BOM)
        return [event for line in lines if (event := self._line(line)) is not None]

    def finish(self) -> list[bytes]:
        """The event that lacks its blank line, if there is one."""
        return self.feed(b"\n\n")

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """``piece`` with each line's end, which may be CR, LF or both, made LF."""
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_return = False
        if piece:
            self._after_return = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in piece else piece

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            event = b"\n".join(self._data) if self._data else None
            self._data.clear()
            return event
        field, _, value = line.partition(b":")
        if field in (b"data", b"error"):
            self._data.append(value.removeprefix(b" "))
            refuse_endless(self._data)
        return None


def refuse_endless(data: bytearray | list[bytes]) -> None:
    size = len(data) if isinstance(data, bytearray) else sum(map(len, data))
    if size > MOST_BYTES:
        raise Malformed(f"A message is longer than {MOST_BYTES} bytes.")
