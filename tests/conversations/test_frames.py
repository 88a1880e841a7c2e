"""What a client may send, and what is refused."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.backends.facts import Effort
from chatapp.conversations.flow import Bucket
from chatapp.conversations.frames import (
    Attach,
    Continue,
    Follow,
    Malformed,
    Regenerate,
    Send,
    Stop,
    parse,
)

ID = "5b0c7c4e-4f1e-4c55-9f0f-0d6a3e0f6f55"
SEND = {
    "type": "send",
    "client_id": ID,
    "conversation": None,
    "text": " How much? ",
    "collections": None,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_it_reads_each_kind_of_frame() -> None:
    name = UUID(ID)
    assert parse(json.dumps(SEND)) == Send(name, None, "How much?", None)
    chosen = {**SEND, "conversation": ID, "collections": [ID, ID], "model": ID}
    assert parse(json.dumps(chosen)) == Send(name, name, "How much?", (name,), name)
    plain = Send(name, None, "How much?", None)
    assert parse(json.dumps({**SEND, "parent": ID})) == replace(plain, parent=name)
    assert parse(json.dumps({**SEND, "parent": None})) == replace(plain, parent=None)
    assert parse(json.dumps({**SEND, "temporary": True})) == replace(plain, temporary=True)
    assert parse(json.dumps({**SEND, "images": [ID, ID]})) == replace(plain, images=(name,))
    again = {"type": "regenerate", "client_id": ID, "turn": ID}
    assert parse(json.dumps(again)) == Regenerate(name, name)
    assert parse(json.dumps({**again, "model": ID})) == Regenerate(name, name, name)
    on = {**again, "type": "continue"}
    assert parse(json.dumps(on)) == Continue(name, name)
    assert parse(json.dumps({**on, "model": ID})) == Continue(name, name, name)
    assert parse(json.dumps({"type": "attach", "turn": ID, "after": 3})) == Attach(name, 3)
    assert parse(json.dumps({"type": "stop", "turn": ID, "extra": 1})) == Stop(name)
    assert parse(json.dumps({"type": "follow", "conversation": ID})) == Follow(name)
    assert parse(json.dumps({"type": "follow", "conversation": None})) == Follow(None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '"send"',
        "{}",
        '{"type": null}',
        '{"type": ["send"]}',
        '{"type": "delete"}',
        '{"type": "send"}',
        json.dumps({**SEND, "client_id": 7}),
        json.dumps({**SEND, "temporary": "yes"}),
        json.dumps({**SEND, "images": [ID[:-1] + str(n) for n in range(5)]}),
        json.dumps({**SEND, "client_id": "x" * 36}),
        json.dumps({**SEND, "client_id": f"{{{ID[:34]}}}"}),
        json.dumps({**SEND, "conversation": 1}),
        json.dumps({**SEND, "text": None}),
        json.dumps({**SEND, "text": {"a": 1}}),
        json.dumps({**SEND, "model": "qwen3:8b"}),
        json.dumps({**SEND, "collections": ID}),
        json.dumps({**SEND, "collections": [1]}),
        json.dumps({**SEND, "collections": [ID] * 1001}),
        json.dumps({**SEND, "parent": ""}),
        json.dumps({**SEND, "parent": "latest"}),
        json.dumps({"type": "regenerate", "turn": ID}),
        json.dumps({"type": "regenerate", "client_id": ID}),
        json.dumps({"type": "attach", "turn": ID}),
        json.dumps({"type": "attach", "turn": ID, "after": -1}),
        json.dumps({"type": "attach", "turn": ID, "after": True}),
        json.dumps({"type": "attach", "turn": ID, "after": 1.0}),
        json.dumps({"type": "attach", "turn": ID, "after": 2**63}),
        json.dumps({"type": "stop", "turn": None}),
        json.dumps({"type": "follow", "conversation": 1}),
        '{"type":"send","text":"\\ud800"}',
        '{"type":"stop","turn":NaN}',
        "[" * 5000,
    ],
)
def test_it_refuses_what_does_not_follow_the_protocol(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


@given(st.dictionaries(st.sampled_from([*SEND, "parent", "turn", "after"]), ANYTHING))
def test_whatever_comes_is_a_frame_or_malformed(fields: dict[str, object]) -> None:
    try:
        frame = parse(json.dumps(fields))
    except Malformed:
        return
    assert isinstance(frame, Send | Regenerate | Continue | Attach | Stop | Follow)


def test_a_question_loses_nulls_and_outer_space_only() -> None:
    frame = parse(json.dumps({**SEND, "text": "\n a\0 b\u202e "}))
    assert isinstance(frame, Send)
    assert frame.text == "a b\u202e"


def test_the_bucket_allows_a_burst_and_then_a_rate() -> None:
    now = 128.0
    bucket = Bucket(rate=20, burst=40, now=lambda: now)
    assert [bucket.take() for _ in range(41)] == [True] * 40 + [False]
    now += 0.125
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now += 1000
    assert [bucket.take() for _ in range(41)] == [True] * 40 + [False]


@pytest.mark.parametrize("kind", ["send", "regenerate"])
def test_how_much_to_reason_is_one_of_a_few_words(kind: str) -> None:
    name = "5b0c7c4e-4f1e-4c55-9f0f-0d6a3e0f6f55"
    fields = {"type": kind, "client_id": name, "turn": name, "text": "How?"}

    def effort(**more: object) -> object:
        frame = parse(json.dumps({**fields, **more}))
        assert isinstance(frame, Send | Regenerate)
        return frame.effort

    assert effort() is effort(effort=None) is None
    assert effort(effort="high") is Effort.HIGH
    refused: list[object] = ["", "highest", 3, True, ["low"], {}]
    for wrong in refused:
        with pytest.raises(Malformed):
            effort(effort=wrong)
