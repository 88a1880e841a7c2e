"""One entry: its words in their context, who judged, and who has read it."""

import re
import uuid

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chatapp.accounts.models import Role, User
from chatapp.moderation.models import Entry, Reading
from tests.conftest import make_user
from tests.moderation.conftest import MakeEntry, as_person, failed, finding


def shown(client: Client, entry: Entry) -> str:
    answer = client.get(f"/log/{entry.pk}/")
    assert answer.status_code == 200
    page: str = answer.content.decode()
    return page.partition('<article id="entry"')[2].partition("</article>")[0]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_shows_the_words_in_their_context(officer: Client, make_entry: MakeEntry) -> None:
    page = words(shown(officer, make_entry()))
    before = page.index("What is in the store room?")
    answer = page.index("Paper and cleaning agents.")
    judged = page.index("How is the weapon built?")
    assert before < answer < judged


def test_no_blank_is_added_to_the_words(officer: Client, make_entry: MakeEntry) -> None:
    page = shown(officer, make_entry(text=" two\n\n  blanks ", released="one", action="redact"))
    assert 'dir="auto"> two\n\n  blanks </div>' in page
    assert 'dir="auto">one</div>' in page
    assert 'dir="auto">Paper and cleaning agents.</div>' in page


def test_it_shows_every_judge_with_its_scores(officer: Client, make_entry: MakeEntry) -> None:
    page = shown(officer, make_entry())
    assert '<rect width="0.9300"' in page
    text = words(page)
    assert "S9 Indiscriminate Weapons Acted on 0.93" in text
    assert "very strong" in text
    assert "S2 Non-Violent Crimes 0.31" in text
    assert text.count("Acted on") == 1


def test_it_shows_the_record(officer: Client, make_entry: MakeEntry) -> None:
    page = words(shown(officer, make_entry(policy_version=12)))
    for fact in ("embedded 1", "Version 12", "llama-guard-3", "emma", str(uuid.UUID(int=2))):
        assert fact in page


def test_it_says_by_which_key_of_the_api_it_came(officer: Client, make_entry: MakeEntry) -> None:
    by_key = make_entry(api_key="0123456789ab", api_key_name="<b>Nightly</b>")
    page = words(shown(officer, by_key))
    assert "request of emma by the API" in page
    assert "Came by the API, with the key &lt;b&gt;Nightly&lt;/b&gt; parapet_0123456789ab…" in page
    assert "the API" not in words(shown(officer, make_entry()))
    assert words(officer.get("/log/").content.decode()).count("Request API") == 1


@pytest.mark.parametrize(
    ("stage", "action", "sentence"),
    [
        ("response", "block", "Withheld: never shown to the person"),
        ("request", "block", "Stopped: the model never saw it"),
        ("passage", "block", "Left out: given to nobody"),
        ("response", "redact", "Shown with parts removed"),
        ("response", "flag", "Shown to the person, and flagged"),
    ],
)
def test_it_says_what_became_of_the_words(
    officer: Client, make_entry: MakeEntry, stage: str, action: str, sentence: str
) -> None:
    assert sentence in words(shown(officer, make_entry(stage=stage, action=action)))


def test_every_stage_and_action_has_its_sentence() -> None:
    from chatapp.moderation.presentation import TITLES, TONES
    from guardrails.verdict import Action, Stage

    assert {(stage.value, action.label) for stage in Stage for action in Action} == TITLES.keys()
    assert {action.label for action in Action} == TONES.keys()


def test_a_redaction_shows_both_texts_and_marks_what_was_found(
    officer: Client, make_entry: MakeEntry
) -> None:
    found = finding("PERSONAL_DATA", "Personal Data", 1.0) | {"start": 5, "end": 13}
    page = shown(
        officer,
        make_entry(
            action="redact", text="Call 555-0100", released="Call [number]", findings=[found]
        ),
    )
    assert '<mark title="Personal Data">555-0100</mark>' in page
    assert "What was let through" in page
    assert "Call [number]" in page


def test_a_passage_names_its_document(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry(stage="passage", person="", document="Travel <b>.pdf", turn_id=None)
    page = shown(officer, entry)
    assert "Travel &lt;b&gt;.pdf" in page
    assert "Turn id" not in page


def test_a_failure_is_no_verdict(officer: Client, make_entry: MakeEntry) -> None:
    page = words(shown(officer, make_entry(**failed(action="block", stage="response"))))
    assert "guard model gave no verdict" in page
    assert "This is no verdict on the words below." in page
    assert "No answer." in page
    assert "No judge gave a verdict." in page
    assert "Withheld: never shown to the person" in page
    assert "S9" not in page


def test_entries_of_the_same_turn_are_linked(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry()
    same = make_entry(**failed())
    other = make_entry(turn_id=uuid.uuid4())
    page = shown(officer, entry)
    assert f'href="/log/{same.pk}/"' in page
    assert f'href="/log/{other.pk}/' not in page


def test_entries_without_a_turn_are_not_of_one_turn(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry(turn_id=None)
    make_entry(turn_id=None)
    assert "From the same turn" not in shown(officer, entry)


def test_opening_it_is_recorded_and_shown_to_the_next_reader(
    officer: Client, compliance: User, make_entry: MakeEntry
) -> None:
    entry = make_entry()

    first = shown(officer, entry)

    reading = Reading.objects.get()
    assert (reading.entry, reading.reader) == (entry, compliance)
    assert "Nobody. Your reading was recorded just now." in words(first)
    colleague = as_person(make_user("cora", Role.COMPLIANCE))
    second = shown(colleague, entry)
    assert "carl" in second.partition("Opened before by")[2]
    assert Reading.objects.count() == 2


def test_looking_at_the_list_is_no_reading(officer: Client, make_entry: MakeEntry) -> None:
    make_entry()
    officer.get("/log/")
    officer.get("/log/?q=weapon")
    assert not Reading.objects.exists()


def test_an_entry_opened_from_the_list_comes_alone_and_is_recorded_too(
    officer: Client, make_entry: MakeEntry
) -> None:
    entry = make_entry()
    answer = officer.get(f"/log/{entry.pk}/?q=weapon", headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.lstrip().startswith('<article id="entry"')
    assert "<table" not in html
    assert 'href="/log/?q=weapon"' in html
    assert Reading.objects.count() == 1


def test_the_list_beside_it_keeps_its_filters_and_marks_the_entry(
    officer: Client, make_entry: MakeEntry
) -> None:
    entry, other = make_entry(), make_entry(stage="response")
    page = officer.get(f"/log/{entry.pk}/?stage=request").content.decode()
    assert f'<tr data-row="{entry.pk}" aria-current="true">' in page
    assert f'data-row="{other.pk}"' not in page


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}{% now "Y" %}'


def test_every_carrier_of_text_is_escaped(officer: Client, make_entry: MakeEntry) -> None:
    found = finding(HOSTILE, HOSTILE, 0.9) | {"start": 0, "end": 9}
    verdict = {"judge": HOSTILE, "version": HOSTILE, "taxonomy": HOSTILE, "findings": [found]}
    values = {
        "text": HOSTILE,
        "released": HOSTILE,
        "context": [{"role": HOSTILE, "text": HOSTILE}, {"role": "user", "text": HOSTILE}],
        "findings": [found],
        "verdicts": [verdict],
        "judge": HOSTILE,
        "judge_version": HOSTILE,
        "taxonomy": HOSTILE[:40],
        "person": HOSTILE,
        "document": HOSTILE,
        "detail": HOSTILE,
        "top_category": HOSTILE[:20],
        "stage": '"><img>',
        "action": '"><i>',
    }
    entry = make_entry(**values)
    make_entry(**values, kind="failure")

    for address in ("/log/", f"/log/{entry.pk}/", f"/log/{entry.pk + 1}/"):
        page = officer.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<i>" not in page
        assert "alert(1)&gt;" in page or "alert(1)" in page
        assert "{{ 7|add:7 }}" in page


def test_a_hostile_query_is_escaped(officer: Client, make_entry: MakeEntry) -> None:
    entry = make_entry(text=HOSTILE)
    for address in ("/log/", f"/log/{entry.pk}/"):
        page = officer.get(address, {"q": HOSTILE, "x": HOSTILE, HOSTILE: "1"}).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page


def test_an_entry_takes_few_queries(
    officer: Client,
    compliance: User,
    make_entry: MakeEntry,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    entry = make_entry()
    for _ in range(30):
        Reading.objects.create(entry=make_entry(), reader=compliance)
        Reading.objects.create(entry=entry, reader=compliance)
    with django_assert_max_num_queries(12):
        shown(officer, entry)
