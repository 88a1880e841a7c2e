"""The adapter for a kind of server."""

from chatapp.backends.base import Backend


def backend_for(kind: str, url: str, api_key: str, timeout: float) -> Backend:
    """``kind`` is "ollama" or "openai"; ``timeout`` in seconds. Imports only that adapter."""
    if kind == "ollama":
        from chatapp.backends.ollama import OllamaBackend

        return OllamaBackend(url, timeout)
    from chatapp.backends.openai import OpenAIBackend

    return OpenAIBackend(url, api_key, timeout)
