"""The list of the log: its columns, filters and pages."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils.timezone import localtime, now
from pytest_django import DjangoAssertNumQueries

from chatapp.moderation.entries import PAGE_SIZE
from chatapp.moderation.models import Entry
from tests.moderation.conftest import MakeEntry, entry_values, failed

THREE_QUERIES_OF_THE_SESSION_AND_FIVE_OF_THE_LIST = 8


def numbers(client: Client, **query: str) -> list[int]:
    page = client.get("/log/", query).content.decode()
    return [int(number) for number in re.findall(r'data-row="(\d+)"', page)]


def move(entry: Entry, when: datetime) -> None:
    """Set when an entry was made, past the log's own refusal."""
    QuerySet(Entry).filter(pk=entry.pk).update(created=when)


def test_it_shows_each_column(officer: Client, make_entry: MakeEntry) -> None:
    make_entry(judge="llama guard", policy_version=12)
    page = officer.get("/log/").content.decode()
    row = page.partition("<tbody>")[2].partition("</tbody>")[0]
    for shown in ("just now", "emma", "Request", "S9", "Indiscriminate Weapons", "0.93", "Block"):
        assert shown in row
    assert "llama guard" in row
    assert re.search(r"policy\">\s*12\s*<", row)


def test_it_never_shows_the_words(officer: Client, make_entry: MakeEntry) -> None:
    make_entry(text="the hidden words", context=[{"role": "user", "text": "the hidden words"}])
    assert b"hidden words" not in officer.get("/log/").content


def test_a_failure_is_shown_as_a_failure(officer: Client, make_entry: MakeEntry) -> None:
    make_entry(**failed())
    page = officer.get("/log/").content.decode()
    row = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "Judge failure" in row
    assert ">0.00<" not in row
    assert ">S9<" not in row


def test_it_says_what_an_empty_log_means(officer: Client) -> None:
    assert b"Nothing to look at" in officer.get("/log/").content


def test_it_says_that_no_entry_matches(officer: Client, make_entry: MakeEntry) -> None:
    make_entry()
    page = officer.get("/log/", {"stage": "passage"}).content
    assert b"No entry matches" in page
    assert b"Clear the filters" in page


OTHER = {
    "stage": "response",
    "action": "flag",
    "categories": " S10 S2 ",
    "top_category": "S10",
    "person": "tom",
    "text": "Some other words",
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"first", "other", "failure"}),
        ({"stage": "response"}, {"other"}),
        ({"action": "flag"}, {"other"}),
        ({"kind": "failure"}, {"failure"}),
        ({"kind": "verdict"}, {"first", "other"}),
        ({"category": "S9"}, {"first"}),
        ({"category": "S10"}, {"other"}),
        ({"category": "S2"}, {"other"}),
        ({"category": "S1"}, set()),
        ({"person": "TOM"}, {"other"}),
        ({"q": "OTHER words"}, {"other"}),
        ({"q": "%"}, set()),
        ({"q": "_"}, set()),
        ({"stage": "response", "action": "block"}, set()),
        ({"stage": "request", "kind": "verdict", "person": "emma", "q": "weapon"}, {"first"}),
    ],
)
def test_filters_narrow_the_list(
    officer: Client, make_entry: MakeEntry, query: dict[str, str], found: set[str]
) -> None:
    names = {
        make_entry().pk: "first",
        make_entry(**OTHER).pk: "other",
        make_entry(**failed(text="Fine.")).pk: "failure",
    }
    assert {names[number] for number in numbers(officer, **query)} == found


def test_days_count_from_their_first_moment_to_their_last(
    officer: Client, make_entry: MakeEntry
) -> None:
    entries = [make_entry() for _ in range(4)]
    moments = ["02T23:59:59", "03T00:00:00", "04T23:59:59", "05T00:00:00"]
    for entry, moment in zip(entries, moments, strict=True):
        move(entry, datetime.fromisoformat(f"2026-05-{moment}+00:00"))

    inside = [entries[2].pk, entries[1].pk]
    assert numbers(officer, since="2026-05-03", until="2026-05-04") == inside
    assert numbers(officer, since="2026-05-05") == [entries[3].pk]
    assert numbers(officer, until="2026-05-02") == [entries[0].pk]


@pytest.mark.parametrize(
    "query",
    [
        {"category": "S99"},
        {"stage": "x' OR 1=1 --"},
        {"since": "yesterday"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
        {"q": "nul\0"},
        {"q": "x" * 5000},
        {"before": "x"},
        {"before": str(10**30)},
        {"after": "-5"},
        {"person": "\0"},
    ],
)
def test_a_filter_without_sense_is_named_and_the_rest_still_counts(
    officer: Client, make_entry: MakeEntry, query: dict[str, str]
) -> None:
    make_entry(**OTHER)
    entry = make_entry()
    assert numbers(officer, **query, action="block") == [entry.pk]


def test_a_filter_without_sense_is_told(officer: Client, make_entry: MakeEntry) -> None:
    make_entry()
    page = officer.get("/log/", {"since": "yesterday"}).content
    assert b"Enter a valid date" in page


def test_filters_stand_in_the_address_of_every_link(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry()
    page = officer.get("/log/", {"q": 'weapon"&x=<', "stage": "request"}).content.decode()
    assert f'href="/log/{entry.pk}/?' not in page, "nothing matches"
    page = officer.get("/log/", {"q": "weapon", "stage": "request"}).content.decode()
    assert f'href="/log/{entry.pk}/?q=weapon&amp;stage=request"' in page
    assert 'value="weapon"' in page
    assert '<option value="request" selected>' in page


def fill(count: int, **changed: object) -> None:
    Entry.objects.bulk_create(Entry(**entry_values(**changed)) for _ in range(count))


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}"\s+href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_pages_lead_through_the_whole_log_and_back(officer: Client, db: None) -> None:
    fill(2 * PAGE_SIZE + 7)
    fill(5, stage="passage")
    everything = list(Entry.objects.filter(stage="request").values_list("pk", flat=True))

    def walk(start: str, rel: str) -> tuple[list[list[int]], str]:
        seen, address = [], start
        while True:
            page = officer.get(address).content.decode()
            seen.append([int(n) for n in re.findall(r'data-row="(\d+)"', page)])
            following = link(page, rel)
            if following is None:
                return seen, address
            address = following

    down, last = walk("/log/?stage=request", "next")
    assert [len(part) for part in down] == [PAGE_SIZE, PAGE_SIZE, 7]
    assert list(chain(*down)) == everything
    up, _ = walk(last, "prev")
    assert up[-1] == down[0]
    assert set(chain(*up)) == set(everything)


def test_an_entry_that_arrives_meanwhile_moves_nothing(officer: Client, db: None) -> None:
    fill(PAGE_SIZE + 3)
    first = officer.get("/log/").content.decode()
    fill(4)
    older = officer.get(link(first, "next") or "").content.decode()
    assert len(re.findall("data-row=", older)) == 3


def test_it_counts_what_matches(officer: Client, db: None) -> None:
    fill(3)
    fill(1, stage="passage")
    assert "4 entries" in officer.get("/log/").content.decode()
    page = officer.get("/log/?stage=passage").content.decode()
    assert re.search(r"1 entry\s+matches", page)


def test_a_thousand_entries_take_no_more_queries_than_a_few(
    officer: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(1000)
    with django_assert_max_num_queries(THREE_QUERIES_OF_THE_SESSION_AND_FIVE_OF_THE_LIST):
        page = officer.get("/log/").content.decode()
    assert page.count("data-row=") == PAGE_SIZE


def test_the_list_does_not_load_the_words(
    officer: Client, make_entry: MakeEntry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_entry()
    with django_assert_max_num_queries(8) as captured:
        officer.get("/log/")
    columns = " ".join(query["sql"] for query in captured.captured_queries)
    assert '"moderation_entry"."created"' in columns
    for heavy in ("text", "context", "findings", "verdicts", "released"):
        assert f'"moderation_entry"."{heavy}"' not in columns


def test_older_entries_show_their_time_and_then_their_date(
    officer: Client, make_entry: MakeEntry
) -> None:
    this_morning = localtime().replace(hour=0, minute=0, second=0)
    move(make_entry(), now() - timedelta(minutes=5))
    move(make_entry(), this_morning - timedelta(days=1) + timedelta(hours=7, minutes=8))
    move(make_entry(), datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC))
    page = officer.get("/log/").content.decode()
    for shown in ("5 min ago", ">3 Feb 2024<", "3 February 2024, 04:05:06 UTC"):
        assert shown in page
    assert re.search(r">\d+ \w{3}, 07:08<|>31 Dec \d{4}<", page)
