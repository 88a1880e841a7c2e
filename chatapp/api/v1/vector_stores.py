"""Collections: ``/v1/vector_stores``, in OpenAI's shapes.

They are those of the library, made and changed by the same form as on its pages.
Source: https://platform.openai.com/docs/api-reference/vector-stores.
"""

from fastapi import APIRouter

from chatapp import access
from chatapp.api import shelves
from chatapp.api.v1.calling import Librarian, Number, Reader
from chatapp.api.v1.paging import ListObject, Paged, list_of, page_of
from chatapp.api.v1.store_changes import change, make
from chatapp.api.v1.store_objects import (
    NewStore,
    StoreChange,
    VectorStore,
    VectorStoreDeleted,
    described,
    one,
)
from chatapp.library import actions
from chatapp.rows import in_rows

router = APIRouter(prefix="/v1/vector_stores", tags=["Vector stores"])


@router.post("", summary="Make a collection")
async def create_store(asked: NewStore, caller: Librarian) -> VectorStore:
    """Nobody reads it before ``readers`` names a group."""

    def made() -> VectorStore:
        return one(caller.person, make(caller.person, asked))

    return await in_rows(made)


@router.get("", summary="The collections of which one may know")
async def list_stores(caller: Reader, asked: Paged) -> ListObject[VectorStore]:
    def found() -> ListObject[VectorStore]:
        page = page_of(access.listed_collections(caller.person), asked)
        return list_of(described(caller.person, page.rows), page.has_more)

    return await in_rows(found)


@router.get("/{vector_store_id}", summary="One collection")
async def retrieve_store(vector_store_id: Number, caller: Reader) -> VectorStore:
    def found() -> VectorStore:
        return one(caller.person, shelves.listed(caller.person, vector_store_id))

    return await in_rows(found)


@router.post("/{vector_store_id}", summary="Change a collection")
async def update_store(
    vector_store_id: Number, asked: StoreChange, caller: Librarian
) -> VectorStore:
    """What is not named stays as it is."""

    def changed() -> VectorStore:
        return one(caller.person, change(caller.person, vector_store_id, asked))

    return await in_rows(changed)


@router.delete("/{vector_store_id}", summary="Delete a collection with its documents")
async def delete_store(vector_store_id: Number, caller: Librarian) -> VectorStoreDeleted:
    """From now on nobody reads it; the worker erases its traces."""

    def delete() -> None:
        actions.delete_collection(shelves.managed(caller.person, vector_store_id))

    await in_rows(delete)
    return VectorStoreDeleted(id=str(vector_store_id))
