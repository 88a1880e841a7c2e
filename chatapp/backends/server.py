"""HTTP requests of the model adapters, and how a request to a model server fails.

Each request has a session and a connection of its own, closed with it, so that nothing belongs to
an event loop and nobody has to close an adapter. Connections are not kept because llama.cpp's
server closes them when it likes: a question sent into the end of one fails without cause, and no
client may send it twice. Making a session takes 24 µs.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from chatapp.backends.errors import Malformed, TimedOut, Unreachable
from chatapp.backends.failures import failure

CONNECT_SECONDS = 5.0
MOST_ERROR_BYTES = 64 << 10
MOST_JSON_BYTES = 8 << 20


class Server:
    """One model server. ``api_key`` goes into the Authorization header."""

    def __init__(self, url: str, timeout: float, api_key: str = "") -> None:
        """``timeout`` in seconds bounds each wait for the server, not the whole answer."""
        self.url = url.rstrip("/").removesuffix("/v1")
        self.timeout = timeout
        self.headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The server's answer, a success; leaving the block closes an unread one at once, which
        makes the server stop generating. Raises BackendError, also for what breaks inside."""
        data = orjson.dumps(body) if body is not None else None
        headers = {"Content-Type": "application/json"} if data else {}
        response: aiohttp.ClientResponse | None = None
        try:
            async with self._session() as session:
                async with asyncio.timeout(self.timeout):
                    response = await session.request(
                        method, self.url + path, data=data, headers=headers, allow_redirects=False
                    )
                    await refuse_failure(response)
                yield response
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable(f"{self.url}: no connection in {CONNECT_SECONDS:g} s") from error
        except TimeoutError as error:
            raise TimedOut(f"{path}: silent for {self.timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{self.url}{path}: {error or type(error).__name__}") from error
        finally:
            if response is not None:
                response.close()

    async def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON object that the server answers. Raises BackendError."""
        async with self.request(method, path, body) as response, asyncio.timeout(self.timeout):
            return parsed(await bounded(response, MOST_JSON_BYTES))

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self.headers,
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )


def valid(text: str) -> str:
    """``text`` without lone surrogates, which no JSON may carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


async def refuse_failure(response: aiohttp.ClientResponse) -> None:
    """Raises the BackendError that a status other than a success means."""
    if response.status == 200:
        return
    body = await bounded(response, MOST_ERROR_BYTES)
    try:
        error = orjson.loads(body)
    except orjson.JSONDecodeError:
        error = body.decode("utf-8", "replace")
    raised = failure(response.status, error)
    raised.retry_after = seconds_until(response.headers.get("Retry-After", ""))
    raise raised


def seconds_until(retry_after: str) -> float | None:
    """What the header says, which has seconds or a date; None where it says nothing that helps."""
    if retry_after.isdecimal():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


async def bounded(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The whole body. Raises Malformed if it is longer than ``most`` bytes."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > most:
            raise Malformed(f"The answer is longer than {most} bytes.")
    return bytes(body)


def parsed(data: bytes) -> dict[str, Any]:
    """The JSON object in ``data``. Raises Malformed."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"no JSON: {data[:200]!r}") from error
    if not isinstance(value, dict):
        raise Malformed(f"no JSON object: {data[:200]!r}")
    return value


class Patience:
    """How long a stream may bring nothing: ``seconds`` from now, or from the last renewal.

    Comments that a proxy sends to keep a connection open renew nothing.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        self.end = asyncio.get_running_loop().time() + self._seconds


async def pieces(
    response: aiohttp.ClientResponse, patience: Patience
) -> AsyncGenerator[bytes, None]:
    """The body as it comes. Raises TimeoutError when ``patience`` ends."""
    content = response.content
    while True:
        piece = content.read_nowait()
        if not piece:
            async with asyncio.timeout_at(patience.end):
                piece = await content.readany()
        if not piece:
            return
        yield piece
