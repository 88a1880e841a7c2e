"""Another's client, unchanged: Simon Willison's ``llm``."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chatapp.backends.base import TextDelta
from tests.api.chatting import MODEL
from tests.conversations.conftest import Use
from tests.conversations.scripted import DONE, ScriptedBackend, make_tools

pytestmark = pytest.mark.usefixtures("named_model")

KNOWN = f"""
- model_id: parapet
  model_name: {MODEL}
  api_base: "%s"
  api_key_name: parapet
"""
Llm = Callable[..., Awaitable[str]]


@pytest.fixture
async def llm(address: str, key: str, tmp_path: Path) -> Llm:
    """``await llm(…)`` is what the command says, which must succeed."""
    known = tmp_path / "extra-openai-models.yaml"
    await asyncio.to_thread(known.write_text, KNOWN % address, "utf-8")
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path), "LLM_LOAD_PLUGINS": ""}

    async def call(*words: str) -> str:
        running = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("llm")), *words, "--key", key),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await running.communicate()
        assert running.returncode == 0, wrong.decode()
        return said.decode()

    return call


async def test_it_asks_and_goes_on_with_what_was_said(llm: Llm, use: Use) -> None:
    backend = ScriptedBackend(TextDelta("28 days."), DONE)
    use(make_tools(backend))
    asked = await llm("-m", "parapet", "-s", "Be brief.", "How much leave?")
    assert asked == "28 days.\n"
    again = await llm("-c", "--no-stream", "-u", "And in May?")
    assert again.startswith("28 days.")
    last = [message.content for message in backend.requests[-1].messages]
    assert last[-3:-1] == ["How much leave?", "28 days."]
    assert "And in May?" in last[-1]
