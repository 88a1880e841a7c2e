"""Retrieval: only the given collections, only rows that are there, best first."""

import uuid
from collections.abc import Iterator, Mapping, Sequence

import pytest

from rag.embed import EmbeddingError
from rag.passage import Passage
from rag.retrieve import Retriever
from rag.store import VectorStore, index_name

WORDS = ("leave", "travel", "parking")


class WordEmbedder:
    """A real, tiny embedder: one dimension a known word."""

    name = "words"
    dimensions = len(WORDS) + 1

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text.lower()) for text in texts]

    def _vector(self, text: str) -> list[float]:
        counts = [float(text.count(word)) for word in WORDS]
        counts.append(0.1)
        length = sum(value * value for value in counts) ** 0.5
        return [value / length for value in counts]


class Rows:
    """The rows, and what was asked of them."""

    def __init__(self) -> None:
        self.held: dict[str, Passage] = {}
        self.asked: list[list[str]] = []

    def load(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        self.asked.append(list(ids))
        return {vector_id: self.held[vector_id] for vector_id in ids if vector_id in self.held}


class Library:
    """Collections in a real store, with their rows."""

    def __init__(self, url: str) -> None:
        self.store = VectorStore(url)
        self.embedder = WordEmbedder()
        self.rows = Rows()
        self.retriever = Retriever(self.embedder, self.store, self.rows.load)
        self.collections: list[str] = []

    def collection(self, *texts: str) -> str:
        collection = str(uuid.uuid4())
        self.collections.append(collection)
        for number, text in enumerate(texts):
            vector_id = f"{collection}:{number}"
            self.rows.held[vector_id] = Passage(
                vector_id, collection, "Title", "Heading", number + 1, text, 0.0
            )
            index = index_name(collection, self.embedder.name)
            self.store.add(index, [vector_id], self.embedder.embed([text]))
        return collection

    def close(self) -> None:
        for collection in self.collections:
            self.store.drop(index_name(collection, self.embedder.name))


@pytest.fixture
def library(chroma_url: str) -> Iterator[Library]:
    library = Library(chroma_url)
    yield library
    library.close()


def found(library: Library, question: str, *collections: str, limit: int = 5) -> list[str]:
    return [p.text for p in library.retriever.retrieve(question, collections, limit)]


def test_the_best_passage_comes_first_with_its_score_and_provenance(library: Library) -> None:
    staff = library.collection("On leave", "On travel and leave")

    passages = library.retriever.retrieve("How much leave?", [staff], 5)

    assert [p.text for p in passages] == ["On leave", "On travel and leave"]
    assert passages[0].score == pytest.approx(1.0, abs=0.01)
    assert passages[0].score > passages[1].score
    assert (passages[0].collection, passages[0].page) == (staff, 1)


def test_only_the_given_collections_are_searched(library: Library) -> None:
    staff = library.collection("Parking for staff")
    library.collection("Leave of directors")

    assert found(library, "leave", staff) == ["Parking for staff"]


def test_several_collections_are_searched_together(library: Library) -> None:
    one, two = library.collection("On leave"), library.collection("On travel")

    assert found(library, "travel", one, two) == ["On travel", "On leave"]


def test_a_vector_whose_row_is_gone_is_no_passage_and_makes_room(library: Library) -> None:
    staff = library.collection("leave", "leave and travel", "leave, travel and parking")
    del library.rows.held[f"{staff}:0"]

    assert found(library, "leave", staff, limit=2) == [
        "leave and travel",
        "leave, travel and parking",
    ]


def test_it_gives_no_more_than_asked_for(library: Library) -> None:
    staff = library.collection("leave", "travel", "parking")

    assert len(found(library, "leave", staff, limit=2)) == 2


def test_no_collections_give_no_passages_and_ask_nobody(library: Library) -> None:
    assert found(library, "leave") == []
    assert library.rows.asked == []


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_finds_nothing(library: Library, question: str) -> None:
    assert found(library, question, library.collection("leave")) == []


def test_a_collection_that_was_never_indexed_finds_nothing(library: Library) -> None:
    assert found(library, "leave", str(uuid.uuid4())) == []


def test_an_embedder_that_fails_is_heard(library: Library) -> None:
    class Broken(WordEmbedder):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            raise EmbeddingError(f"No answer for {len(texts)} texts.")

    retriever = Retriever(Broken(), library.store, library.rows.load)

    with pytest.raises(EmbeddingError, match="No answer for 1"):
        retriever.retrieve("leave", [library.collection("leave")], 5)
