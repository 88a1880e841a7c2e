"""What ``POST /v1/chat/completions`` takes.

Fields that change an answer and that we do not have (tools, pictures, several answers) are taken
only where they ask for nothing; whatever else is unknown is refused: nothing that matters is
ignored in silence. Source: https://platform.openai.com/docs/api-reference/chat/create.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field

from chatapp.api.answering import Wish
from chatapp.api.talk import BETWEEN, Said, Talk, talk_of
from chatapp.api.v1.kinds import No, NoPairs, Nothing, Numeric, One, Strict, YesOrNo, Zero
from chatapp.backends.base import (
    MOST_SEED,
    MOST_STOP_CHARS,
    MOST_STOPS,
    MOST_TOKENS,
    USUAL,
    Sampling,
)
from chatapp.backends.facts import Effort

MOST_MESSAGES = 500
MOST_PARTS = 50
MOST_COLLECTIONS = 100
ANSWER_CHARS = 64_000
"""Of one earlier answer: as much as the embedded judge reads at once."""

Written = Annotated[str, Field(max_length=settings.QUESTION_MAX_CHARS)]
Asked = Annotated[str, Field(max_length=settings.QUESTION_MAX_CHARS, pattern=r"\S")]
Answered = Annotated[str, Field(max_length=ANSWER_CHARS)]
Stop = Annotated[str, Field(min_length=1, max_length=MOST_STOP_CHARS)]
Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS), Numeric]

EXAMPLE: dict[str, Any] = {
    "model": "Default",
    "messages": [{"role": "user", "content": "How much leave do I have?"}],
}


class TextPart(Strict):
    type: Literal["text"]
    text: Written


class AskedPart(Strict):
    type: Literal["text"]
    text: Asked


class Instructions(Strict):
    role: Literal["system", "developer"]
    content: Written | Annotated[list[TextPart], Field(min_length=1, max_length=MOST_PARTS)]


class UserMessage(Strict):
    role: Literal["user"]
    content: Asked | Annotated[list[AskedPart], Field(min_length=1, max_length=MOST_PARTS)]


class AssistantMessage(BaseModel):
    """An earlier answer, as it was given: what else stood beside its words is not read."""

    role: Literal["assistant"]
    content: Answered | Annotated[list[TextPart], Field(max_length=MOST_PARTS)] | None = None
    tool_calls: Nothing | None = None
    function_call: None = None


AnyMessage = Annotated[Instructions | UserMessage | AssistantMessage, Field(discriminator="role")]


class StreamOptions(Strict):
    """``continuous_usage_stats`` is vLLM's, and asked for by load generators: here the counts come
    once, at the end."""

    include_usage: YesOrNo = False
    continuous_usage_stats: YesOrNo = False
    include_obfuscation: No | None = None


class PlainText(Strict):
    type: Literal["text"]


class ChatRequest(Strict):
    """``collections`` are ids of those to search, ``[]`` for none; without it, the key's own."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    model: str
    messages: Annotated[list[AnyMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    collections: Annotated[list[UUID], Field(max_length=MOST_COLLECTIONS)] | None = None
    stream: YesOrNo | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2), Numeric] | None = None
    top_p: Annotated[float, Field(gt=0, le=1), Numeric] | None = None
    seed: Annotated[int, Field(ge=0, le=MOST_SEED), Numeric] | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=MOST_STOPS)] | None = None
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    # Taken where they ask for nothing.
    n: One | None = None
    frequency_penalty: Zero | None = None
    presence_penalty: Zero | None = None
    logit_bias: NoPairs | None = None
    logprobs: No | None = None
    tools: Nothing | None = None
    functions: Nothing | None = None
    tool_choice: Literal["none", "auto"] | None = None
    parallel_tool_calls: YesOrNo | None = None
    response_format: PlainText | None = None
    modalities: Annotated[list[Literal["text"]], Field(min_length=1)] | None = None
    store: No | None = None
    # Of no meaning here, and harmless.
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: Literal["auto", "default"] | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with its counts of tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def wish(self) -> Wish:
        """What is asked for. Raises chatapp.api.errors.Invalid."""
        return Wish(
            talk=self._talk(),
            model=self.model,
            collections=None if self.collections is None else tuple(self.collections),
            answer_tokens=self.max_completion_tokens or self.max_tokens,
            sampling=self._sampling(),
            effort=self._effort(),
        )

    def _talk(self) -> Talk:
        return talk_of(Said(role_of(each), words_of(each.content)) for each in self.messages)

    def _effort(self) -> Effort | None:
        if self.reasoning_effort is None:
            return None
        return Effort.OFF if self.reasoning_effort == "none" else Effort(self.reasoning_effort)

    def _sampling(self) -> Sampling:
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        temperature = USUAL.temperature if self.temperature is None else self.temperature
        return Sampling(temperature, self.top_p, self.seed, stop)


def role_of(message: Instructions | UserMessage | AssistantMessage) -> str:
    return "system" if isinstance(message, Instructions) else message.role


def words_of(content: str | list[TextPart] | list[AskedPart] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return BETWEEN.join(part.text for part in content)
