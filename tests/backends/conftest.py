from collections.abc import AsyncIterator

import pytest

from tests.fakes.model_server import FakeModelServer


@pytest.fixture
async def server() -> AsyncIterator[FakeModelServer]:
    """A model server on a real socket that follows the test's script."""
    async with FakeModelServer() as running:
        yield running
