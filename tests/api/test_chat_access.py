"""Which collections a question may search: those of its key's owner, and no others."""

from dataclasses import dataclass
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from openai import AsyncOpenAI, NotFoundError, PermissionDeniedError

from chatapp.accounts.models import User
from chatapp.api.keys import Wish, issue
from chatapp.api.models import ApiKey, Scope
from chatapp.library.models import Collection
from tests.api.chatting import asking
from tests.api.conftest import make_key
from tests.conversations.conftest import Use
from tests.conversations.scripted import ScriptedSearch, make_tools

pytestmark = pytest.mark.usefixtures("named_model")


@dataclass(frozen=True, slots=True)
class Shelf:
    """``mine`` and ``other`` are read by "staff"; ``hidden`` by nobody here."""

    mine: Collection
    other: Collection
    hidden: Collection


@pytest.fixture
async def shelf(rows: None, employee: User) -> Shelf:
    def make(name: str, *groups: str) -> Collection:
        made = Collection.objects.create(name=name)
        made.readers.set(Group.objects.filter(name__in=groups))
        return made

    def all_of_it() -> Shelf:
        return Shelf(make("Mine", "staff"), make("Other", "staff"), make("Hidden"))

    made: Shelf = await database_sync_to_async(all_of_it)()
    return made


@pytest.fixture
def search(use: Use) -> ScriptedSearch:
    found = ScriptedSearch()
    use(make_tools(search=found))
    return found


async def ask(client: AsyncOpenAI, key: str, *collections: Collection, **more: Any) -> None:
    names = {"collections": [str(each.pk) for each in collections]} if collections else {}
    asked = asking()
    await client.with_options(api_key=key).chat.completions.create(
        **asked, extra_body={**names, **more}
    )


def searched(search: ScriptedSearch) -> list[set[str]]:
    return [set(collections) for _, collections, _ in search.asked]


def ids(*collections: Collection) -> set[str]:
    return {str(each.pk) for each in collections}


async def key_of(person: User, scopes: tuple[str, ...], *collections: Collection) -> str:
    wish = Wish("test", scopes, 7, collections)
    made: str = await database_sync_to_async(issue)(person, wish)
    return made


async def test_without_a_word_the_keys_own_are_searched(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, employee: User
) -> None:
    await ask(client, await key_of(employee, (Scope.CHAT,), shelf.mine))
    await ask(client, await key_of(employee, (Scope.CHAT,)))
    await ask(client, await key_of(employee, (Scope.CHAT,), shelf.mine), collections=[])
    assert searched(search) == [ids(shelf.mine)]


async def test_a_key_that_may_search_names_any_that_its_owner_reads(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, employee: User
) -> None:
    key = await key_of(employee, (Scope.CHAT, Scope.COLLECTIONS_READ), shelf.mine)
    await ask(client, key, shelf.other)
    await ask(client, key, shelf.mine, shelf.other, shelf.mine)
    assert searched(search) == [ids(shelf.other), ids(shelf.mine, shelf.other)]
    with pytest.raises(NotFoundError):
        await ask(client, key, shelf.mine, shelf.hidden)
    assert len(search.asked) == 2


async def test_a_key_that_may_not_is_bound_to_its_own(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, employee: User
) -> None:
    key = await key_of(employee, (Scope.CHAT,), shelf.mine)
    await ask(client, key, shelf.mine)
    for wanted in (shelf.other, shelf.hidden):
        with pytest.raises(NotFoundError):
            await ask(client, key, wanted)
    assert searched(search) == [ids(shelf.mine)]


async def test_what_its_owner_may_not_read_any_more_is_not_searched(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, employee: User
) -> None:
    key = await key_of(employee, (Scope.CHAT, Scope.COLLECTIONS_READ), shelf.mine, shelf.other)
    await database_sync_to_async(shelf.mine.readers.clear)()
    await ask(client, key)
    with pytest.raises(NotFoundError):
        await ask(client, key, shelf.mine)
    assert searched(search) == [ids(shelf.other)]


async def test_a_collection_of_another_does_not_exist(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, stranger: User, admin: User
) -> None:
    key = await key_of(stranger, tuple(Scope.values))
    with pytest.raises(NotFoundError):
        await ask(client, key, shelf.mine)
    key = await key_of(admin, tuple(Scope.values))
    with pytest.raises(NotFoundError):
        await ask(client, key, shelf.hidden)  # an admin manages it, and does not read it
    assert search.asked == []


async def test_a_default_that_was_slipped_into_a_key_opens_nothing(
    client: AsyncOpenAI, search: ScriptedSearch, shelf: Shelf, employee: User
) -> None:
    key = await key_of(employee, (Scope.CHAT,), shelf.mine)
    held = await ApiKey.objects.aget(name="test", scopes=["chat"])
    await held.collections.aadd(shelf.hidden)
    await ask(client, key)
    assert searched(search) == [ids(shelf.mine)]


@pytest.mark.parametrize("scope", [each for each in Scope if each is not Scope.CHAT])
async def test_another_scope_does_not_chat(
    client: AsyncOpenAI, employee: User, scope: Scope
) -> None:
    key = await database_sync_to_async(make_key)(employee, scope)
    with pytest.raises(PermissionDeniedError) as refused:
        await ask(client, key)
    assert refused.value.code == "insufficient_permissions"
