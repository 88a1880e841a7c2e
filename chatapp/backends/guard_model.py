"""How :class:`guardrails.llama_guard.LlamaGuardJudge` reaches its model: raw completions.

Raw, because the judge writes the whole prompt: a server's own chat template would wrap it again.
"""

from collections.abc import Mapping
from typing import Any

from chatapp.backends.errors import BackendError, Malformed
from chatapp.backends.facts import mapping
from chatapp.backends.openai import MOST_LOGPROBS, candidates
from chatapp.backends.server import Server, valid
from guardrails.llama_guard import Complete, GuardAnswer, GuardPrompt
from guardrails.verdict import JudgeError

# Fits the longest question with the conversation that the judge sends before it.
CONTEXT_TOKENS = 16_384
KEEP_LOADED = "30m"


class OpenAICompletion:
    """``complete`` over ``/v1/completions`` of vLLM, SGLang or llama.cpp's server."""

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._model = model

    async def __call__(self, prompt: GuardPrompt) -> GuardAnswer:
        """Raises JudgeError."""
        body = {
            "model": self._model,
            "prompt": valid(prompt.text),
            "max_tokens": prompt.max_tokens,
            "temperature": 0,
            "logprobs": min(prompt.top_logprobs, MOST_LOGPROBS),
        }
        try:
            answer = await self._server.json("POST", "/v1/completions", body)
            choices = answer.get("choices")
            if not isinstance(choices, list) or not choices:
                raise Malformed("an answer without choices")
            choice = mapping(choices[0])
            return GuardAnswer(text_of(choice, "text"), completion_logprobs(choice))
        except BackendError as error:
            raise no_verdict(error) from error


class OllamaCompletion:
    """``complete`` over Ollama's ``/api/generate``."""

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._model = model

    async def __call__(self, prompt: GuardPrompt) -> GuardAnswer:
        """Raises JudgeError."""
        body = {
            "model": self._model,
            "prompt": valid(prompt.text),
            "raw": True,
            "stream": False,
            "keep_alive": KEEP_LOADED,
            "truncate": False,
            "shift": False,
            "logprobs": True,
            "top_logprobs": min(prompt.top_logprobs, MOST_LOGPROBS),
            "options": {
                "num_ctx": CONTEXT_TOKENS,
                "num_predict": prompt.max_tokens,
                "temperature": 0,
            },
        }
        try:
            answer = await self._server.json("POST", "/api/generate", body)
            return GuardAnswer(text_of(answer, "response"), token_logprobs(answer.get("logprobs")))
        except BackendError as error:
            raise no_verdict(error) from error


def complete(kind: str, url: str, model: str, api_key: str, timeout: float) -> Complete:
    """The one for a server of ``kind`` "openai" or "ollama"; ``timeout`` in seconds."""
    server = Server(url, timeout, api_key)
    return (OllamaCompletion if kind == "ollama" else OpenAICompletion)(server, model)


def no_verdict(error: BackendError) -> JudgeError:
    return JudgeError(f"The guard model gave no verdict: {type(error).__name__}: {error}")


def text_of(answer: Mapping[str, Any], field: str) -> str:
    text = answer.get(field)
    if not isinstance(text, str):
        raise Malformed(f"an answer without {field}")
    return text


def completion_logprobs(choice: Mapping[str, Any]) -> tuple[dict[str, float], ...]:
    """For each token its candidates, as vLLM lists them (the format of OpenAI's completions) or
    as llama.cpp does (the format of OpenAI's chat completions)."""
    logprobs = mapping(choice.get("logprobs"))
    listed = logprobs.get("top_logprobs")
    if isinstance(listed, list):
        return tuple(dict(mapping(each)) for each in listed)
    return token_logprobs(logprobs.get("content"))


def token_logprobs(listed: Any) -> tuple[dict[str, float], ...]:
    return tuple(candidates(mapping(each)) for each in listed) if isinstance(listed, list) else ()
