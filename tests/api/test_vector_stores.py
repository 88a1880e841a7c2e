"""Collections by the API: who may know of, change and read them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from openai import (
    AsyncOpenAI,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
)

from chatapp.accounts.models import User
from chatapp.library.models import Collection, Document
from tests.api.conftest import make_key, more
from tests.api.test_gate import is_an_error

NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def client(address: str, admin_key: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client, with an admin's key."""
    async with AsyncOpenAI(api_key=admin_key, base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture
async def reader(address: str, key: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client, with the employee's key."""
    async with AsyncOpenAI(api_key=key, base_url=address, max_retries=0) as client:
        yield client


@pytest.fixture
async def http(address: str, admin_key: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {admin_key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        yield client


def with_readers(*names: str) -> dict[str, Any]:
    return {"extra_body": {"readers": list(names)}}


async def test_one_is_made_changed_and_deleted(client: AsyncOpenAI, collection: Collection) -> None:
    made = await client.vector_stores.create(name="Travel", description="Trips")
    assert (made.object, made.name, made.status) == ("vector_store", "Travel", "completed")
    assert made.file_counts.total == made.usage_bytes == 0
    row = await Collection.objects.aget(pk=made.id)
    assert (row.description, await row.readers.acount()) == ("Trips", 0)
    assert await client.vector_stores.retrieve(made.id) == made

    changed = await client.vector_stores.update(made.id, name="Trips", **with_readers("staff"))
    assert (changed.name, more(changed)["description"]) == ("Trips", "Trips")
    assert [group.name async for group in row.readers.all()] == ["staff"]
    kept = await client.vector_stores.update(made.id, extra_body={"description": ""})
    assert more(kept)["readers"] == ["staff"]

    gone = await client.vector_stores.delete(made.id)
    assert gone.deleted
    with pytest.raises(NotFoundError):
        await client.vector_stores.retrieve(made.id)
    assert [each.name async for each in client.vector_stores.list()] == ["Handbook"]


async def test_one_without_a_name_gets_one(client: AsyncOpenAI) -> None:
    assert (await client.vector_stores.create()).name.startswith("Unnamed ")


async def test_it_is_made_with_files_or_not_at_all(client: AsyncOpenAI) -> None:
    sent = await client.files.create(file=("a.md", b"Words."), purpose="assistants")
    with pytest.raises(NotFoundError):
        await client.vector_stores.create(name="Travel", file_ids=[sent.id, NOBODYS])
    assert not await Collection.objects.aexists()
    made = await client.vector_stores.create(name="Travel", file_ids=[sent.id])
    assert (made.status, made.file_counts.in_progress) == ("in_progress", 1)
    assert str((await Document.objects.aget()).pk) == sent.id


NO_STORES: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 121}, "name"),
    ({"name": "nul\0"}, "name"),
    ({"name": " "}, "name"),
    ({"name": 1}, "name"),
    ({"description": "x" * 501}, "description"),
    ({"metadata": {"a": "b"}}, "metadata"),
    ({"expires_after": {"anchor": "last_active_at", "days": 1}}, "expires_after"),
    ({"chunking_strategy": {"type": "static"}}, "chunking_strategy.type"),
    ({"created_by": 1}, "created_by"),
]


async def test_what_makes_no_sense_is_refused(http: httpx.AsyncClient) -> None:
    for body, param in NO_STORES:
        error = is_an_error(await http.post("/vector_stores", json=body), 400)
        assert error["param"] == param
    assert not await Collection.objects.aexists()


async def test_readers_are_groups_that_there_are(http: httpx.AsyncClient) -> None:
    for name in ("no such group", "nul\0", ""):
        answer = await http.post("/vector_stores", json={"readers": [name]})
        assert is_an_error(answer, 404)["param"] == "readers"
    assert not await Collection.objects.aexists()


async def test_a_name_is_given_once(client: AsyncOpenAI, collection: Collection) -> None:
    with pytest.raises(ConflictError) as refused:
        await client.vector_stores.create(name="Handbook")
    assert refused.value.param == "name"
    other = await client.vector_stores.create(name="Travel")
    with pytest.raises(ConflictError):
        await client.vector_stores.update(other.id, name="Handbook")


async def test_they_are_listed_in_pages_both_ways(client: AsyncOpenAI) -> None:
    made = [(await client.vector_stores.create(name=str(n))).id for n in range(5)]
    assert [each.id async for each in client.vector_stores.list(limit=2)] == made[::-1]
    before = await client.vector_stores.list(before=made[3], order="asc", limit=2)
    assert [each.id for each in before.data] == made[1:3]
    assert before.has_more


async def test_readers_see_what_they_may_read_and_change_nothing(
    reader: AsyncOpenAI, client: AsyncOpenAI, collection: Collection
) -> None:
    hidden = await client.vector_stores.create(name="Board papers")
    listed = [each async for each in reader.vector_stores.list()]
    assert [each.name for each in listed] == ["Handbook"]
    assert more(listed[0])["readers"] is None
    assert (await reader.vector_stores.retrieve(str(collection.pk))).name == "Handbook"
    for name in (hidden.id, NOBODYS, "vs_abc", "nul\0"):
        with pytest.raises(NotFoundError):
            await reader.vector_stores.retrieve(name)
        with pytest.raises(NotFoundError):
            [_ async for _ in reader.vector_stores.files.list(name)]
    for call in (
        reader.vector_stores.create(name="Mine"),
        reader.vector_stores.update(str(collection.pk), name="Mine"),
        reader.vector_stores.delete(str(collection.pk)),
        reader.vector_stores.files.create(str(collection.pk), file_id=NOBODYS),
        reader.vector_stores.files.delete(NOBODYS, vector_store_id=str(collection.pk)),
        reader.vector_stores.file_batches.create(str(collection.pk), file_ids=[NOBODYS]),
    ):
        with pytest.raises(PermissionDeniedError):
            await call


@pytest.mark.parametrize("scopes", [("chat",), ("collections:write",)])
async def test_a_key_needs_the_scope_to_see_any(
    address: str, admin: User, collection: Collection, scopes: tuple[str, ...]
) -> None:
    key = await database_sync_to_async(make_key)(admin, *scopes)
    name = str(collection.pk)
    async with AsyncOpenAI(api_key=key, base_url=address, max_retries=0) as refused:
        for call in (
            refused.vector_stores.list(),
            refused.vector_stores.retrieve(name),
            refused.vector_stores.search(name, query="Leave?"),
            refused.vector_stores.files.retrieve(NOBODYS, vector_store_id=name),
            refused.vector_stores.files.content(NOBODYS, vector_store_id=name),
        ):
            with pytest.raises(PermissionDeniedError):
                await call


async def test_an_admin_knows_of_what_they_may_not_read_and_reads_nothing_of_it(
    client: AsyncOpenAI, collection: Collection
) -> None:
    await Group.objects.all().adelete()
    name = str(collection.pk)
    document = await Document.objects.acreate(
        collection=collection, name="a.md", size=1, sha256="a", state="ready"
    )
    assert (await client.vector_stores.retrieve(name)).name == "Handbook"
    assert [each.id async for each in client.vector_stores.files.list(name)] == [str(document.pk)]
    for call in (
        client.vector_stores.search(name, query="Leave?"),
        client.vector_stores.files.content(str(document.pk), vector_store_id=name),
    ):
        with pytest.raises(PermissionDeniedError, match="groups do not read"):
            await call


async def test_a_broken_body_is_the_clients_fault(http: httpx.AsyncClient) -> None:
    for content in (b"", b"{", b"[]", b"\xff", b"9" * 5000, b"[" * 100_000, b'{"name": "\\ud800"}'):
        answer = await http.post(
            "/vector_stores", content=content, headers={"content-type": "application/json"}
        )
        is_an_error(answer, 400)
