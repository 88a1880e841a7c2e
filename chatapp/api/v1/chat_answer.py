"""What ``POST /v1/chat/completions`` answers: a turn's events in OpenAI's shapes.

Beside OpenAI's fields a message has ``sources`` (the passages that the answer was given) and
``reasoning_content`` (as vLLM and DeepSeek have it). Each mark of a source in the text is an
annotation, ``url_citation``, whose offsets count code points.
Source: https://platform.openai.com/docs/api-reference/chat/object and …/chat/streaming.
"""

from collections.abc import Mapping
from time import time
from typing import Any, Literal

from django.conf import settings
from pydantic import BaseModel

from chatapp.api.errors import ApiError, Invalid, Unavailable
from chatapp.backends.errors import ContextExceeded
from chatapp.conversations.events import (
    Cited,
    Ended,
    Event,
    Passages,
    Reasoning,
    SourceRef,
    Started,
    Text,
    Usage,
    Withheld,
)
from chatapp.conversations.telling import CUT_SHORT, NO_ANSWER

KEPT = "Your question is kept; try"
FinishReason = Literal["stop", "length", "content_filter"]


class UrlCitation(BaseModel):
    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation
    source: int
    """The number of the source that the mark names."""


class SourceObject(BaseModel):
    """A passage that the answer was given; ``vector_store_id`` is its collection."""

    number: int
    filename: str
    heading: str
    page: int | None
    score: float
    file_id: str
    vector_store_id: str


class AnswerMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: str | None
    reasoning_content: str | None
    annotations: list[Annotation]
    sources: list[SourceObject]


class Choice(BaseModel):
    index: Literal[0] = 0
    message: AnswerMessage
    finish_reason: FinishReason
    logprobs: None = None


class TokenUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """``usage`` is null where the model's server does not count."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    system_fingerprint: str | None
    choices: list[Choice]
    usage: TokenUsage | None


class Answer:
    """Folds a turn's events into an answer; ``name`` is the model's, as it was asked for."""

    def __init__(self, number: str, name: str) -> None:
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{number}",
            "created": int(time()),
            "model": name,
        }
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: str | None = None
        self._sources: list[SourceObject] = []
        self._cited: list[Annotation] = []
        self._usage: TokenUsage | None = None
        self._fingerprint: str | None = None
        self._ended = Ended("failed")

    def add(self, event: Event) -> dict[str, Any] | None:
        """Take in one event; the delta that a stream has of it. Raises ApiError where it is the
        end of a turn that failed."""
        match event:
            case Text(text):
                self._text.append(text)
                return {"content": text}
            case Reasoning(text):
                self._reasoning.append(text)
                return {"reasoning_content": text}
            case Withheld():
                self._refusal = event.message
                return {"refusal": event.message}
            case Ended("failed", reason) if reason != NO_ANSWER:
                raise failure(reason)
            case Ended():
                self._ended = event
            case _:
                self._note(event)
        return None

    def _note(self, event: Event) -> None:
        match event:
            case Started():
                self._fingerprint = event.digest or None
            case Passages(sources):
                self._sources = [source_of(each) for each in sources]
            case Cited():
                self._cited.append(annotation(event, self._sources))
            case Usage():
                self._usage = usage_of(event)
            case _:
                pass

    @property
    def finish_reason(self) -> FinishReason:
        if self._ended.status == "blocked":
            return "content_filter"
        return "length" if self._ended.reason == CUT_SHORT else "stop"

    def whole(self) -> ChatCompletion:
        """The answer of a turn that has ended."""
        text = "".join(self._text)
        message = AnswerMessage(
            content=None if self._refusal and not text else text,
            refusal=self._refusal,
            reasoning_content="".join(self._reasoning) or None,
            annotations=self._cited,
            sources=self._sources,
        )
        return ChatCompletion(
            **self._head,
            system_fingerprint=self._fingerprint,
            choices=[Choice(message=message, finish_reason=self.finish_reason)],
            usage=self._usage,
        )

    # --- in pieces --------------------------------------------------------------------------

    def chunk(self, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """One object of a stream."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def last_chunk(self) -> dict[str, Any]:
        """The one that says why the answer ended, with what it stands on."""
        annotations = [each.model_dump() for each in self._cited]
        sources = [each.model_dump() for each in self._sources]
        return self.chunk({"annotations": annotations, "sources": sources}, self.finish_reason)

    def usage_chunk(self) -> dict[str, Any]:
        """What comes after it where the client asked for the counts of tokens."""
        usage = self._usage.model_dump() if self._usage else None
        return {**self.chunk({}), "choices": [], "usage": usage}


def source_of(ref: SourceRef) -> SourceObject:
    return SourceObject(
        number=ref.number,
        filename=ref.title,
        heading=ref.heading,
        page=ref.page,
        score=ref.score,
        file_id=ref.vector_id.rpartition(":")[0],
        vector_store_id=ref.collection,
    )


def annotation(cited: Cited, sources: list[SourceObject]) -> Annotation:
    """The mark ``[number]`` at its place, and where the source's document is."""
    source = sources[cited.number - 1]
    place = f"/v1/vector_stores/{source.vector_store_id}/files/{source.file_id}"
    citation = UrlCitation(
        start_index=cited.at,
        end_index=cited.at + len(f"[{cited.number}]"),
        title=source.filename,
        url=f"{settings.PUBLIC_URL}{place}/content",
    )
    return Annotation(url_citation=citation, source=cited.number)


def usage_of(event: Usage) -> TokenUsage | None:
    if event.prompt_tokens is None or event.answer_tokens is None:
        return None
    total = event.prompt_tokens + event.answer_tokens
    return TokenUsage(
        prompt_tokens=event.prompt_tokens,
        completion_tokens=event.answer_tokens,
        total_tokens=total,
    )


def failure(reason: str) -> ApiError:
    """The error for a turn that failed: ``reason`` is the sentence of its end, as the page shows
    it. Here nothing is kept."""
    if reason == ContextExceeded.sentence:
        return Invalid(reason, param="messages", code="context_length_exceeded")
    return Unavailable(reason.replace(KEPT, "Try"))
