"""The texts behind vectors: only those that may be used."""

import pytest

from chatapp.library.models import Chunk, Collection, Document, State
from chatapp.library.passages import load_passages
from rag.passage import Passage
from tests.library.conftest import Uploading


@pytest.fixture
def document(upload: Uploading) -> Document:
    document = upload()
    Document.objects.update(state=State.READY)
    for ordinal in range(3):
        Chunk.objects.create(
            document=document, ordinal=ordinal, text=f"Text {ordinal}", heading="Leave", page=2
        )
    return document


def test_it_gives_texts_with_their_provenance(document: Document, collection: Collection) -> None:
    found = load_passages([f"{document.pk}:1"])
    assert found == {
        f"{document.pk}:1": Passage(
            vector_id=f"{document.pk}:1",
            collection=str(collection.pk),
            title="leave.md",
            heading="Leave",
            page=2,
            text="Text 1",
            score=0.0,
        )
    }


def test_it_finds_passages_of_several_documents_in_one_query(
    document: Document,
    upload: Uploading,
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    other = upload("other.md", b"Other.")
    Document.objects.update(state=State.READY)
    Chunk.objects.create(document=other, ordinal=1, text="Other text")
    wanted = [f"{document.pk}:0", f"{other.pk}:1", f"{document.pk}:2"]
    with django_assert_num_queries(1):  # type: ignore[operator]  # the fixture's own type is private
        found = load_passages(wanted)
    assert set(found) == set(wanted)


def test_it_leaves_out_what_the_guard_held_back(document: Document) -> None:
    Chunk.objects.filter(ordinal=1).update(quarantined=True)
    assert set(load_passages([f"{document.pk}:0", f"{document.pk}:1"])) == {f"{document.pk}:0"}


@pytest.mark.parametrize("state", [state for state in State if state != State.READY])
def test_it_leaves_out_documents_that_are_not_ready(document: Document, state: State) -> None:
    Document.objects.update(state=state)
    assert load_passages([f"{document.pk}:0"]) == {}


def test_it_leaves_out_ids_that_name_nothing(document: Document) -> None:
    nonsense = ["", ":", "1:1", f"{document.pk}", f"{document.pk}:x", f"{document.pk}:99"]
    assert load_passages(nonsense) == {}
    assert load_passages([]) == {}
