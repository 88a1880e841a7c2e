"""XLSX: a sheet is a page; values are those that the sheet shows."""

import datetime
from typing import Any

from tests.rag.conftest import Read, block_with, heading_over, texts
from tests.rag.documents import book, member, with_member

SHEET = "xl/worksheets/sheet1.xml"


def rows(*values: tuple[Any, ...], title: str = "Rates") -> bytes:
    def build(workbook: Any) -> None:
        sheet = workbook.create_sheet(title)
        for row in values:
            sheet.append(row)

    return book(build)


def test_it_gives_each_fact_its_sheet(read: Read) -> None:
    def build(workbook: Any) -> None:
        workbook.create_sheet("Rooms").append(("Aire", 8))
        workbook.create_sheet("Hotels").append(("Ghent", 140))

    document = read(book(build))

    assert document.pages == 2
    assert block_with(document, "Ghent | 140").page == 2
    assert heading_over(document, "Ghent | 140") == "Hotels"


def test_it_writes_values_as_the_sheet_shows_them(read: Read) -> None:
    def build(workbook: Any) -> None:
        sheet = workbook.create_sheet("Values")
        sheet.append(("share", 0.125))
        sheet["B1"].number_format = "0.0%"
        sheet.append(("day", datetime.date(2026, 3, 31)))
        sheet.append(("moment", datetime.datetime(2026, 3, 31, 9, 30)))  # noqa: DTZ001  as Excel
        sheet.append(("whole", 28.0))
        sheet.append(("true", True))

    assert texts(read(book(build)), "table") == [
        "share | 12.5%\nday | 2026-03-31\nmoment | 2026-03-31 09:30\nwhole | 28\ntrue | TRUE"
    ]


def test_it_takes_single_cells_above_a_table_for_captions(read: Read) -> None:
    document = read(rows(("Hotel rates",), ("City", "Rate"), ("Ghent", 140)))

    assert texts(document, "text") == ["Hotel rates"]
    assert texts(document, "table") == ["City | Rate\nGhent | 140"]


def test_it_repeats_the_header_over_rows_after_a_gap(read: Read) -> None:
    document = read(rows(("Day", "Open"), ("Mon", 9), (), (2, 10)))

    assert texts(document, "table") == ["Day | Open\nMon | 9", "Day | Open\n2 | 10"]


def test_it_leaves_hidden_sheets_out(read: Read) -> None:
    def build(workbook: Any) -> None:
        workbook.create_sheet("Shown").append(("seen", 1))
        hidden = workbook.create_sheet("Secret")
        hidden.append(("unseen", 2))
        hidden.sheet_state = "hidden"

    assert texts(read(book(build))) == ["Shown", "seen | 1"]


def test_it_does_not_believe_a_sheet_about_its_own_size(read: Read) -> None:
    data = rows(("City", "Rate"), ("Ghent", 140))
    sheet = member(data, SHEET).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert b"XFD1048576" in sheet

    assert texts(read(with_member(data, SHEET, sheet)), "table") == ["City | Rate\nGhent | 140"]


def test_a_single_cell_far_away_costs_nothing(read: Read) -> None:
    def build(workbook: Any) -> None:
        sheet = workbook.create_sheet("Far")
        sheet["A1"], sheet["XFD2"] = "near", "far"

    assert texts(read(book(build)), "text") == ["near", "far"]
