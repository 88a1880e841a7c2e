"""PPTX: a slide is a page; titles, texts, tables, charts and notes."""

import io
import zipfile
from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from rag.extract import Limits
from tests.rag.conftest import Read, Refusal, block_with, heading_over, texts
from tests.rag.documents import deck, member, with_member

BOX = (Inches(1), Inches(2), Inches(5), Inches(3))


def titled(presentation: Any, title: str) -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = title
    return slide


def test_it_gives_each_fact_its_slide_and_title(read: Read) -> None:
    def build(presentation: Any) -> None:
        titled(presentation, "Welcome").shapes.add_textbox(
            *BOX
        ).text_frame.text = "Badges at desk 3"
        titled(presentation, "Safety").shapes.add_textbox(*BOX).text_frame.text = "Alarm: dial 112"

    document = read(deck(build))

    assert document.pages == 2
    assert block_with(document, "dial 112").page == 2
    assert heading_over(document, "dial 112") == "Safety"
    assert heading_over(document, "desk 3") == "Welcome"


def test_it_reads_tables_and_notes(read: Read) -> None:
    def build(presentation: Any) -> None:
        slide = titled(presentation, "Rates")
        table = slide.shapes.add_table(2, 2, *BOX).table
        for index, text in enumerate(["City", "Rate", "Ghent", "140"]):
            table.cell(index // 2, index % 2).text = text
        slide.notes_slide.notes_text_frame.text = "Rates rise in May"

    document = read(deck(build))

    assert texts(document, "table") == ["City | Rate\nGhent | 140"]
    assert block_with(document, "Notes: Rates rise in May").page == 1


def headcount(presentation: Any) -> None:
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # no types
    data.categories = ["2025", "2026"]
    data.add_series("Leeds", (12.5, 14))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    titled(presentation, "Headcount").shapes.add_chart(kind, *BOX, data)


def test_it_reads_the_numbers_of_a_chart_whatever_its_type(read: Read) -> None:
    flat = deck(headcount)
    (name,) = [n for n in zipfile.ZipFile(io.BytesIO(flat)).namelist() if "/charts/chart" in n]
    solid = with_member(flat, name, member(flat, name).replace(b"c:barChart", b"c:bar3DChart"))

    for data in (flat, solid):
        assert texts(read(data), "table") == ["| Leeds\n2025 | 12.5\n2026 | 14"]


def test_it_reads_texts_from_top_to_bottom_and_inside_groups(read: Read) -> None:
    def build(presentation: Any) -> None:
        slide = titled(presentation, "Order")
        for name, top in (("third", 5), ("first", 2)):
            slide.shapes.add_textbox(0, Inches(top), *BOX[2:]).text_frame.text = name
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(0, Inches(3), *BOX[2:]).text_frame.text = "second"

    assert texts(read(deck(build)), "text") == ["first", "second", "third"]


def test_it_keeps_bullets_as_a_list(read: Read) -> None:
    def build(presentation: Any) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.placeholders[1].text_frame.text = "Plan\nDo\nCheck"

    assert texts(read(deck(build)), "list") == ["- Plan\n- Do\n- Check"]


def test_it_leaves_hidden_slides_out_and_keeps_the_numbers_of_the_others(read: Read) -> None:
    def build(presentation: Any) -> None:
        titled(presentation, "Hidden").element.set("show", "0")
        titled(presentation, "Shown")

    document = read(deck(build))

    assert [(b.text, b.page) for b in document.blocks] == [("Shown", 2)]


def test_it_refuses_more_slides_than_the_limit(refusal: Refusal) -> None:
    def build(presentation: Any) -> None:
        for title in ("one", "two"):
            titled(presentation, title)

    assert "2 slides" in refusal(deck(build), limits=Limits(pages=1))
