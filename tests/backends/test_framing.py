"""Messages come out whole, wherever the network cuts their bytes."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.backends.errors import Malformed
from chatapp.backends.framing import MOST_BYTES, JsonLines, ServerSentEvents

EVENTS = [b'{"a": "Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x91\x8b"}', b"one\ntwo", b"[DONE]"]
STREAM = (
    b"\xef\xbb\xbf: a comment\n\n"
    b'data: {"a": "Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x91\x8b"}\n\n'
    b"event: message\nid: 7\nretry: 10\ndata:one\ndata: two\n\n"
    b": keep-alive\n\n"
    b"data: [DONE]\n\n"
)


def parse(parser: ServerSentEvents | JsonLines, pieces: Iterable[bytes]) -> list[bytes]:
    found = [message for piece in pieces for message in parser.feed(piece)]
    return found + parser.finish()


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = [0, *sorted(places), len(data)]
    return [data[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_are_found_wherever_the_stream_is_cut_in_two(end: bytes) -> None:
    stream = STREAM.replace(b"\n", end)
    for place in range(len(stream) + 1):
        assert parse(ServerSentEvents(), cut(stream, [place])) == EVENTS


@given(st.lists(st.integers(0, len(STREAM) * 2)), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_events_are_found_wherever_the_stream_is_cut_in_many(places: list[int], end: bytes) -> None:
    stream = STREAM.replace(b"\n", end)
    within = [place for place in places if place <= len(stream)]
    assert parse(ServerSentEvents(), cut(stream, within)) == EVENTS


def test_events_come_byte_by_byte_as_soon_as_they_are_complete() -> None:
    parser = ServerSentEvents()
    assert [parser.feed(bytes([byte])) for byte in b"data: x\n\n"][-1] == [b"x"]


def test_an_event_that_the_end_cuts_off_is_kept() -> None:
    assert parse(ServerSentEvents(), [b"data: [DONE]"]) == [b"[DONE]"]
    assert parse(ServerSentEvents(), [b"data: [DONE]\n"]) == [b"[DONE]"]


def test_one_space_after_the_colon_is_dropped_and_no_more() -> None:
    assert parse(ServerSentEvents(), [b"data:  x\n\n"]) == [b" x"]


def test_an_error_line_of_an_old_server_counts_as_data() -> None:
    assert parse(ServerSentEvents(), [b'error: {"code": 500}\n\n']) == [b'{"code": 500}']


def test_nothing_comes_of_comments_and_blank_lines() -> None:
    assert parse(ServerSentEvents(), [b": x\n\n\n\n: y\n\n"]) == []


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
def test_an_endless_event_is_refused(piece: bytes) -> None:
    with pytest.raises(Malformed, match="longer"):
        parse(ServerSentEvents(), [piece] * (MOST_BYTES // 1000 + 2))


def test_lines_are_found_wherever_the_stream_is_cut() -> None:
    stream = '{"a": "Grüße"}\r\n\n{"b": "👋"}\n{"c": 1}'.encode()
    expected = ['{"a": "Grüße"}'.encode(), '{"b": "👋"}'.encode(), b'{"c": 1}']
    for place in range(len(stream) + 1):
        assert parse(JsonLines(), cut(stream, [place])) == expected


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(Malformed, match="longer"):
        parse(JsonLines(), [b"x" * 1000] * (MOST_BYTES // 1000 + 2))
