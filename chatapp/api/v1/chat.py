"""Chat: ``/v1/chat/completions``."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from starlette.responses import Response

from chatapp.api.answering import Question, events, prepared
from chatapp.api.errors import ApiError, Unauthenticated
from chatapp.api.gate import BROKEN
from chatapp.api.keys import Caller, still_good
from chatapp.api.models import Scope
from chatapp.api.v1.calling import holder_of
from chatapp.api.v1.chat_answer import Answer, ChatCompletion
from chatapp.api.v1.chat_request import ChatRequest
from chatapp.conversations.ending import cancel
from chatapp.library.body_limit import Message, Receive, Send
from chatapp.library.body_limit import Scope as AsgiScope
from chatapp.rows import in_rows

LOOK_AGAIN_SECONDS = 10.0
"""How often a key is looked at while an answer is given, and a silent stream says that it lives."""
ENDED = "This API key was revoked, or its account suspended, meanwhile."
DONE = b"data: [DONE]\n\n"
ALIVE = b": still here\n\n"
SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold back what is meant to be seen at once
]
STREAM = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "description": "One event: with `stream`, a `chat.completion.chunk`, at last [DONE].",
            "properties": {"data": {"type": "string"}},
            "required": ["data"],
        }
    }
}
router = APIRouter(prefix="/v1/chat", tags=["Chat"])
Chatter = Annotated[Caller, Depends(holder_of(Scope.CHAT))]


@router.post(
    "/completions",
    summary="Ask a question",
    response_model=ChatCompletion,
    responses={200: {"content": STREAM}},
)
async def create_completion(asked: ChatRequest, caller: Chatter) -> Response:
    """Answered by the same engine as on the page, with the same guard and log. Closing the
    connection stops the model."""
    question = await in_rows(prepared, caller, asked.wish())
    return Answering(question, asked)


class Answering(Response):
    """The answer to ``question``, as one object or as server-sent events.

    A stream begins with the first word, so that a failure before it has its own status, or after
    LOOK_AGAIN_SECONDS, so that nobody between takes it for dead.
    """

    def __init__(self, question: Question, asked: ChatRequest) -> None:
        super().__init__()
        self._question = question
        self._asked = asked
        self._answer = Answer(question.id.hex, asked.model)
        self._beginning = asyncio.Lock()
        self._begun = False
        self._over = False

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI
        self._send = send
        work = asyncio.create_task(self._work())
        watch = asyncio.create_task(self._watch())
        tasks = [work, watch, asyncio.create_task(left(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(tasks)
        try:
            if work in done:
                await work
            elif watch in done:
                await watch
        except ApiError as error:
            await self._fail(error)
        except Exception:
            if self._begun:
                await self._fail(ApiError(BROKEN))
            raise

    async def _work(self) -> None:
        async with aclosing(events(self._question)) as happening:
            async for event in happening:
                delta = self._answer.add(event)
                if delta and self._asked.stream:
                    await self._chunk(self._answer.chunk(delta))
        if self._asked.stream:
            await self._end()
        else:
            await self._give_whole()

    async def _watch(self) -> None:
        """Raises Unauthenticated when the key has ended."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            if not await in_rows(still_good, self._question.caller.key):
                raise Unauthenticated(ENDED)
            if self._asked.stream and not self._over:
                await self._begin()
                await self._body(ALIVE)

    # --- the wire ---------------------------------------------------------------------------

    async def _give_whole(self) -> None:
        body = orjson.dumps(self._answer.whole().model_dump())
        length = str(len(body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await self._start(headers)
        await self._body(body, more=False)

    async def _begin(self) -> None:
        async with self._beginning:
            if not self._begun:
                await self._start(SSE_HEADERS)
                await self._body(framed(self._answer.chunk({"role": "assistant", "content": ""})))

    async def _chunk(self, chunk: Mapping[str, Any]) -> None:
        await self._begin()
        await self._body(framed(chunk))

    async def _end(self) -> None:
        await self._chunk(self._answer.last_chunk())
        if self._asked.with_usage:
            await self._chunk(self._answer.usage_chunk())
        await self._body(DONE, more=False)

    async def _fail(self, error: ApiError) -> None:
        """Tell in the stream, where it has begun, as OpenAI's clients understand it."""
        if not self._begun:
            raise error
        await self._body(framed(error.body()), more=False)

    async def _start(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _body(self, body: bytes, *, more: bool = True) -> None:
        self._over = not more
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


def framed(value: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


async def left(receive: Receive) -> None:
    """Returns when the client is gone."""
    message: Message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()
