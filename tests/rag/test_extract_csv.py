"""CSV: any common delimiter and encoding; one table whose first row is the header."""

import pytest

from rag.chunk import cut
from tests.rag.conftest import Read, texts

ROWS = ["City,Rate", "Ghent,140", "Leeds,95"]
TABLE = "City | Rate\nGhent | 140\nLeeds | 95"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_the_delimiter(read: Read, delimiter: str) -> None:
    data = "\n".join(ROWS).replace(",", delimiter).encode()

    assert texts(read(data, "rates.csv"), "table") == [TABLE]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_it_finds_the_encoding(read: Read, encoding: str) -> None:
    data = "Stra\u00dfe;Miete\nK\u00f6nigsallee;1200\nBahnhofstra\u00dfe;900\n".encode(encoding)

    assert texts(read(data, "mieten.csv")) == [
        "Stra\u00dfe | Miete\nK\u00f6nigsallee | 1200\nBahnhofstra\u00dfe | 900"
    ]


def test_a_quoted_cell_may_hold_delimiters_and_line_breaks(read: Read) -> None:
    data = b'Name,Note\n"Moss, Ines","line one\nline two"\nOwen,none\n'

    assert texts(read(data, "notes.csv")) == [
        "Name | Note\nMoss, Ines | line one line two\nOwen | none"
    ]


def test_a_comma_in_the_cells_does_not_win_over_the_delimiter(read: Read) -> None:
    data = b"Name;Sum\nMoss;1,250.00\nOwen;990\nTate;4,1\n"

    assert texts(read(data, "sums.csv"))[0].startswith("Name | Sum\nMoss | 1,250.00")


def test_a_table_of_one_column_is_read(read: Read) -> None:
    assert texts(read(b"Room\nAire\nWharfe\n", "rooms.csv")) == ["Room\nAire\nWharfe"]


def test_rows_of_different_lengths_are_read(read: Read) -> None:
    assert texts(read(b"a,b\n1,2,3\n4\n\n5,6\n", "x.csv")) == ["a | b\n1 | 2 | 3\n4\n5 | 6"]


def test_the_header_stands_over_each_piece_of_a_long_table(read: Read) -> None:
    rows = "\n".join(f"City {n},{n * 10}" for n in range(500))
    pieces = cut(read(f"City,Rate\n{rows}".encode(), "rates.csv"))

    assert len(pieces) > 5
    assert all(piece.text.startswith("City | Rate\n") for piece in pieces)
    assert "City 499 | 4990" in pieces[-1].text


def test_a_cell_as_large_as_the_file_is_read(read: Read) -> None:
    data = b'a,b\n"' + b"word " * 100_000 + b'",2\n'

    assert len(texts(read(data, "x.csv"))[0]) > 400_000
