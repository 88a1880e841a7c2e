"""The models that a key may use are those of its owner."""

import pytest
from django.contrib.auth.models import Group
from openai import AsyncOpenAI, NotFoundError

from chatapp.catalog.models import LanguageModel, Serving


def offer(name: str, *groups: str, everyone: bool = False, enabled: bool = True) -> LanguageModel:
    """A model that is served where the settings say."""
    model = LanguageModel.objects.create(
        name=name, everyone=everyone, enabled=enabled, position=len(name)
    )
    model.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    of_settings = Serving.objects.select_related("endpoint").first()
    assert of_settings is not None
    Serving.objects.create(model=model, endpoint=of_settings.endpoint)
    return model


@pytest.fixture
def models(rows: None) -> None:
    LanguageModel.objects.update(name="Default")
    offer("Qwen/Qwen3-8B", "staff")
    offer("For the board", "board")
    offer("Off", everyone=True, enabled=False)


async def test_it_lists_those_that_one_may_use(models: None, client: AsyncOpenAI) -> None:
    found = [model async for model in client.models.list()]
    assert [model.id for model in found] == ["Default", "Qwen/Qwen3-8B"]
    assert {model.object for model in found} == {"model"}
    assert all(model.created > 1_700_000_000 for model in found)


async def test_one_is_found_by_its_name(models: None, client: AsyncOpenAI) -> None:
    assert (await client.models.retrieve("Qwen/Qwen3-8B")).id == "Qwen/Qwen3-8B"


@pytest.mark.parametrize("name", ["For the board", "Off", "absent", "nul\0", "default"])
async def test_any_other_does_not_exist(models: None, client: AsyncOpenAI, name: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        await client.models.retrieve(name)
    assert refused.value.code == "model_not_found"
    assert refused.value.param == "model"
