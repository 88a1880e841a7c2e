import pytest
from django.contrib.auth.models import Group

from chatapp.catalog.models import Endpoint, Kind, LanguageModel, Serving
from chatapp.catalog.secret import seal

KEY = "sk-very-secret"


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    """A server that an admin added, with a key."""
    return Endpoint.objects.create(
        name="gpu-1", kind=Kind.OLLAMA, url="http://gpu-1:11434", sealed_key=seal(KEY)
    )


@pytest.fixture
def model(endpoint: Endpoint) -> LanguageModel:
    """A model of that server, open to the group "staff"."""
    made = LanguageModel.objects.create(name="Qwen 3 8B", position=5)
    made.groups.add(Group.objects.get_or_create(name="staff")[0])
    Serving.objects.create(model=made, endpoint=endpoint, name="qwen3:8b")
    return made


@pytest.fixture
def of_settings(db: None) -> LanguageModel:
    """The model that the settings name, as migrating made it."""
    return LanguageModel.objects.get(from_settings=True)
