"""The description that is served, and what schemathesis makes of it."""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from channels.db import database_sync_to_async
from pytest_django import Settings

from chatapp import wiring
from chatapp.accounts.models import User
from chatapp.catalog.models import LanguageModel
from chatapp.library.models import Chunk, Collection, Document
from guardrails.guard import Guard
from rag.passage import Passage
from tests.api.conftest import make_key
from tests.conversations.scripted import POLICY, ScriptedJudge, ScriptedSearch

RULES = Path(__file__).with_name("schemathesis.toml")
FIXED = ("--seed", "1", "--max-examples", "5", "--no-color")
KNOWN = """
[[operations]]
# Else it would guess ids, and meet 404 alone; what is made meanwhile is not looked for here.
include-path-regex = "^/v1/vector_stores/[^/]+/(search|files|file_batches)"
exclude-method = "DELETE"
parameters = { vector_store_id = "%s", file_id = "%s" }
checks.ensure_resource_availability.enabled = false
"""


@pytest.fixture
async def furnished(
    named_model: LanguageModel,
    collection: Collection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """The rules, with something to find behind every path."""
    document = await Document.objects.acreate(
        collection=collection, name="Leave.pdf", size=1, sha256="a", state="ready"
    )
    chunk = await Chunk.objects.acreate(document=document, ordinal=0, text="28 days.")
    found = Passage(chunk.vector_id, str(collection.pk), "Leave.pdf", "", 1, "28 days.", 0.5)
    monkeypatch.setattr(wiring, "retriever", lambda: ScriptedSearch([found]))
    monkeypatch.setattr(wiring, "guard", lambda: Guard([ScriptedJudge()], POLICY, timeout=5.0))
    rules = tmp_path / "schemathesis.toml"
    known = KNOWN % (collection.pk, document.pk)
    await asyncio.to_thread(rules.write_text, RULES.read_text("utf-8") + known, "utf-8")
    return rules


async def test_schemathesis_finds_nothing(
    address: str, admin_key: str, furnished: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]
    run = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(furnished), "run", *FIXED, f"{address}/openapi.json"),
        *("--header", f"Authorization: Bearer {admin_key}"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()


async def test_everybody_may_read_the_description_which_tells_of_the_key(address: str) -> None:
    async with httpx.AsyncClient(base_url=address) as bare:
        described = (await bare.get("/openapi.json")).json()
    (scheme,) = described["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len(operations) > 20
    for operation in operations:
        assert operation["security"]
        assert {"200", "4XX", "5XX"} <= operation["responses"].keys()
        error = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
        assert error["$ref"].endswith("/ErrorBody")


class Known(dict[str, object]):
    """Values of a path's parts; a random id for those that it does not know."""

    def __missing__(self, _: str) -> object:
        return uuid4()


TOLD = {"collections:read": {403, 404}, "collections:write": {403}, "chat": {403}}
"""By the one scope of a stranger's key: what it is told of a collection that others read."""


async def test_who_may_reach_which_path(
    address: str, collection: Collection, stranger: User
) -> None:
    keys = {scope: await database_sync_to_async(make_key)(stranger, scope) for scope in TOLD}
    async with httpx.AsyncClient(base_url=address.removesuffix("/v1")) as bare:
        paths = (await bare.get("/v1/openapi.json")).json()["paths"]
        for path, method in [(name, each) for name in paths for each in paths[name]]:
            named = path.format_map(Known(vector_store_id=collection.pk))
            assert (await bare.request(method, named)).status_code == 401, path
            if not path.startswith(("/v1/vector_stores/", "/v1/files")):
                continue
            for scope, key in keys.items():
                headers = {"Authorization": f"Bearer {key}"}
                answer = await bare.request(method, named, json={"query": "?"}, headers=headers)
                assert answer.status_code in TOLD[scope], (method, path, scope)
