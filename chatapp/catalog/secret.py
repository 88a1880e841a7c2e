"""API keys of model servers at rest: sealed with a key that follows from SECRET_KEY.

Whoever copies the database alone has none of them. The seal is Fernet (AES-128-CBC with
HMAC-SHA256), the key for it HKDF-SHA256 (RFC 5869) of SECRET_KEY.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"parapet: keys of model servers"


class Unreadable(Exception):
    """The secret was sealed under another SECRET_KEY: it has to be given again."""


def seal(secret: str) -> str:
    """``secret`` as it may be stored; "" stays ""."""
    return _cipher().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """What :func:`seal` was given. Raises Unreadable."""
    if not sealed:
        return ""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _cipher() -> MultiFernet:
    return _made((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _made(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
