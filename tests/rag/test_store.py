"""The vector store, against a real Chroma server."""

import socket
import threading
import uuid
from collections.abc import Iterator

import pytest

from rag.passage import Hit
from rag.store import StoreError, VectorStore, index_name

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]
NORTH_EAST = [0.6, 0.8]


@pytest.fixture
def store(chroma_url: str) -> VectorStore:
    return VectorStore(chroma_url)


@pytest.fixture
def index(store: VectorStore) -> Iterator[str]:
    name = index_name(str(uuid.uuid4()), "model")
    yield name
    store.drop(name)


@pytest.fixture
def other(store: VectorStore) -> Iterator[str]:
    name = index_name(str(uuid.uuid4()), "model")
    yield name
    store.drop(name)


def ids_of(hits: list[Hit]) -> list[str]:
    return [hit.vector_id for hit in hits]


def test_it_finds_the_nearest_first_with_their_cosine(store: VectorStore, index: str) -> None:
    store.add(index, ["east", "north", "west"], [EAST, NORTH, WEST])

    hits = store.query([index], NORTH_EAST, 3)

    assert ids_of(hits) == ["north", "east", "west"]
    assert [hit.score for hit in hits] == pytest.approx([0.8, 0.6, -0.6], abs=1e-5)


def test_asking_for_more_than_there_are_gives_those_there_are(
    store: VectorStore, index: str
) -> None:
    store.add(index, ["east"], [EAST])

    assert ids_of(store.query([index], EAST, 10)) == ["east"]


def test_it_merges_the_hits_of_several_indexes(store: VectorStore, index: str, other: str) -> None:
    store.add(index, ["east", "west"], [EAST, WEST])
    store.add(other, ["north"], [NORTH])

    assert ids_of(store.query([index, other], NORTH_EAST, 2)) == ["north", "east"]


def test_it_asks_no_index_that_it_was_not_given(store: VectorStore, index: str, other: str) -> None:
    store.add(index, ["mine"], [WEST])
    store.add(other, ["not mine"], [EAST])

    assert ids_of(store.query([index], EAST, 5)) == ["mine"]


def test_adding_the_same_again_changes_nothing(store: VectorStore, index: str) -> None:
    store.add(index, ["a", "b"], [EAST, NORTH])
    store.add(index, ["a", "b"], [EAST, NORTH])

    assert store.count(index) == 2


def test_adding_an_id_again_replaces_its_vector(store: VectorStore, index: str) -> None:
    store.add(index, ["a"], [EAST])
    store.add(index, ["a"], [WEST])

    assert store.query([index], WEST, 1)[0].score == pytest.approx(1.0, abs=1e-5)


def test_it_adds_more_than_the_server_takes_at_once(store: VectorStore, index: str) -> None:
    ids = [f"v{n}" for n in range(6000)]

    store.add(index, ids, [EAST] * 6000)

    assert store.count(index) == 6000
    assert store.missing(index, [*ids, "absent"]) == {"absent"}


def test_an_index_that_is_missing_has_no_hits(store: VectorStore) -> None:
    absent = index_name(str(uuid.uuid4()), "model")

    assert store.query([absent], EAST, 5) == []
    assert store.count(absent) == 0
    assert store.missing(absent, ["a"]) == {"a"}
    store.delete(absent, ["a"])
    store.drop(absent)


def test_no_index_gives_no_hits(store: VectorStore) -> None:
    assert store.query([], EAST, 5) == []


def test_what_is_deleted_is_not_found(store: VectorStore, index: str) -> None:
    store.add(index, ["a", "b"], [EAST, NORTH])

    store.delete(index, ["a", "never there"])

    assert ids_of(store.query([index], EAST, 5)) == ["b"]
    assert store.missing(index, ["a", "b"]) == {"a"}


def test_a_dropped_index_is_gone(store: VectorStore, index: str) -> None:
    store.add(index, ["a"], [EAST])

    store.drop(index)

    assert store.query([index], EAST, 5) == []


def test_it_makes_an_index_again_that_the_server_lost(
    chroma_url: str, store: VectorStore, index: str
) -> None:
    store.add(index, ["a"], [EAST])
    VectorStore(chroma_url).drop(index)

    assert store.query([index], EAST, 5) == []
    store.add(index, ["b"], [EAST])

    assert ids_of(store.query([index], EAST, 5)) == ["b"]


def test_it_finds_an_index_that_another_process_made_anew(
    chroma_url: str, store: VectorStore, index: str
) -> None:
    store.add(index, ["a"], [EAST])
    elsewhere = VectorStore(chroma_url)
    elsewhere.drop(index)
    elsewhere.add(index, ["b"], [EAST])

    assert ids_of(store.query([index], EAST, 5)) == ["b"]


def test_threads_may_share_it(chroma_url: str, index: str) -> None:
    store = VectorStore(chroma_url)
    threads = [
        threading.Thread(target=store.add, args=(index, [f"t{n}"], [EAST])) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.count(index) == 8


def test_a_vector_of_the_wrong_length_is_an_error_with_a_sentence(
    store: VectorStore, index: str
) -> None:
    store.add(index, ["a"], [EAST])

    with pytest.raises(StoreError, match="vector store"):
        store.query([index], [1.0, 0.0, 0.0], 1)


def test_a_server_that_is_down_is_an_error_with_a_sentence() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    store = VectorStore(f"http://127.0.0.1:{port}")

    with pytest.raises(StoreError, match=f"vector store at http://127.0.0.1:{port}"):
        store.count("c-any")


def test_a_server_that_hangs_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = VectorStore(f"http://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(StoreError, match="timed out"):
            store.count("c-any")


def test_a_server_that_hangs_later_is_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch, chroma_url: str, index: str
) -> None:
    monkeypatch.setattr("rag.store.TIMEOUT_SECONDS", 0.5)
    store = VectorStore(chroma_url)
    assert store.count(index) == 0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = store._connected()._server
        client._api_url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v2"

        with pytest.raises(StoreError, match="timed out"):
            store.count(index)


def test_it_recovers_when_the_server_comes_up_later(chroma_url: str, index: str) -> None:
    store = VectorStore("http://127.0.0.1:1")
    with pytest.raises(StoreError):
        store.count(index)

    store.url = chroma_url

    assert store.count(index) == 0


def test_vectors_of_two_models_never_share_an_index() -> None:
    collection = str(uuid.uuid4())

    assert index_name(collection, "model int8") != index_name(collection, "model fp32")


def test_the_name_of_an_index_is_one_that_chroma_takes(store: VectorStore) -> None:
    name = index_name(str(uuid.uuid4()), "sentence-transformers/a model: \u2026 " * 20)
    store.add(name, ["a"], [EAST])

    assert store.count(name) == 1
    store.drop(name)


def test_making_a_store_imports_no_client() -> None:
    import subprocess
    import sys

    code = (
        "import sys, rag.store; rag.store.VectorStore('http://x'); print('chromadb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
