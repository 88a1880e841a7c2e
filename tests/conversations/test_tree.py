"""What follows what in a conversation: as values, and as the database holds it."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from chatapp.accounts.models import User
from chatapp.conversations.models import Conversation, Turn
from chatapp.conversations.tree import Node, Tree

IDS = [UUID(int=number) for number in range(1, 30)]


def tree(*parents: int | None) -> Tree:
    """Turns 0, 1, 2 …, each below the one whose number is given."""
    return Tree(
        Node(IDS[n], None if parent is None else IDS[parent], "done", IDS[n])
        for n, parent in enumerate(parents)
    )


@st.composite
def parents(draw: st.DrawFn) -> list[int | None]:
    size = draw(st.integers(min_value=1, max_value=len(IDS)))
    return [draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(size)]


def path(of: Tree, leaf: int) -> list[int]:
    return [IDS.index(node.id) for node in of.path(IDS[leaf])]


def test_a_path_leads_from_the_beginning_to_a_turn() -> None:
    #    0 - 1 - 3
    #     \   \- 4
    #      \- 2
    branched = tree(None, 0, 0, 1, 1)
    assert path(branched, 3) == [0, 1, 3]
    assert path(branched, 4) == [0, 1, 4]
    assert path(branched, 2) == [0, 2]
    assert branched.path(None) == branched.path(uuid4()) == []


def test_siblings_follow_the_same_turn_oldest_first() -> None:
    branched = tree(None, 0, 0, 1, None)
    assert branched.siblings(IDS[2]) == [IDS[1], IDS[2]]
    assert branched.siblings(IDS[3]) == [IDS[3]]
    assert branched.siblings(IDS[0]) == [IDS[0], IDS[4]]


def test_a_conversation_stands_at_its_newest_turn_or_at_that_of_the_chosen_branch() -> None:
    branched = tree(None, 0, 0, 1, 1, 2)
    assert branched.leaf(None) == IDS[5]
    assert branched.leaf(IDS[1]) == IDS[4]
    assert branched.leaf(IDS[3]) == IDS[3]
    assert branched.leaf(uuid4()) == IDS[5]
    assert Tree([]).leaf(None) is None


@given(parents())
def test_every_turn_is_on_the_path_to_the_leaf_of_its_branch(shape: list[int | None]) -> None:
    branched = tree(*shape)
    for node in branched.nodes.values():
        leaf = branched.leaf(node.id)
        assert node in branched.path(leaf)
        assert leaf not in {each.parent for each in branched.nodes.values()}


def test_rows_that_run_in_circles_would_not_hang_it() -> None:
    circle = Tree([Node(IDS[0], IDS[1], "done", IDS[0]), Node(IDS[1], IDS[0], "done", IDS[1])])
    assert path(circle, 1) == [0, 1]
    assert circle.leaf(IDS[0]) == IDS[1]


# --- rows -------------------------------------------------------------------------------------


def make(conversation: Conversation, parent: Turn | None = None, **more: UUID) -> Turn:
    return Turn.objects.create(
        conversation=conversation, parent=parent, client_id=uuid4(), question="?", **more
    )


def test_the_database_lets_no_circle_be_closed(conversation: Conversation) -> None:
    first = make(conversation)
    second = make(conversation, first)
    for wrong in (first, second):
        with pytest.raises(IntegrityError), transaction.atomic():
            Turn.objects.filter(id=first.id).update(parent=wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.filter(id=second.id).update(parent=None)
    name = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.create(
            id=name, parent_id=name, conversation=conversation, client_id=uuid4(), question="?"
        )


def test_two_new_turns_cannot_name_each_other(conversation: Conversation) -> None:
    names = uuid4(), uuid4()
    rows = [
        Turn(id=a, parent_id=b, conversation=conversation, client_id=a, question="?")
        for a, b in (names, names[::-1])
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.bulk_create(rows)
    chain = [
        Turn(id=names[0], conversation=conversation, client_id=names[0], question="?"),
        Turn(id=names[1], parent_id=names[0], conversation=conversation, client_id=names[1]),
    ]
    Turn.objects.bulk_create(chain)
    assert Turn.objects.get(id=names[1]).parent_id == names[0]


def test_a_turn_follows_no_turn_of_another_conversation(
    conversation: Conversation, employee: User
) -> None:
    other = Conversation.objects.create(owner=employee, title="Another")
    theirs = make(other)
    with pytest.raises(IntegrityError), transaction.atomic():
        make(conversation, theirs)
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.filter(id=theirs.id).update(conversation=conversation)


def test_what_else_a_turn_says_may_change(conversation: Conversation) -> None:
    first = make(conversation)
    second = make(conversation, first)
    second.answer = "28 days"
    second.save()
    assert Turn.objects.get(id=second.id).answer == "28 days"
    conversation.delete()
    assert not Turn.objects.exists()
