"""Models: ``/v1/models``."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from chatapp import access
from chatapp.api.answering import usable_model
from chatapp.api.keys import Caller
from chatapp.api.v1.calling import any_caller
from chatapp.catalog.models import LanguageModel
from chatapp.rows import in_rows

router = APIRouter(prefix="/v1/models", tags=["Models"])


class ModelObject(BaseModel):
    """A model by the name that an admin gave it."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "parapet"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelObject]


def described(model: LanguageModel) -> ModelObject:
    return ModelObject(id=model.name, created=int(model.created.timestamp()))


@router.get("", summary="The models that one may use")
async def list_models(caller: Annotated[Caller, Depends(any_caller)]) -> ModelList:
    def found() -> list[ModelObject]:
        return [described(model) for model in access.usable_models(caller.person)]

    return ModelList(data=await in_rows(found))


@router.get("/{model:path}", summary="One model")
async def retrieve_model(model: str, caller: Annotated[Caller, Depends(any_caller)]) -> ModelObject:
    return described(await in_rows(usable_model, caller, model))
