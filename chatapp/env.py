"""Typed readers for environment variables that refuse a bad value at start.

Every setting may also come from a file, as container secrets do: ``NAME_FILE`` names the
file, whose trailing newline is dropped. Setting both is an error, since one would be ignored.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def text(name: str, default: str = "") -> str:
    """The value of ``name``, or of the file that ``NAME_FILE`` names, or ``default``."""
    path = os.environ.get(f"{name}_FILE")
    if path and name in os.environ:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {error.strerror}") from error


def flag(name: str, default: bool = False) -> bool:
    """A yes-or-no setting: 1/0, true/false, yes/no, on/off."""
    value = text(name).strip().lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false.")
    return value in TRUE


def integer(name: str, default: int, least: int = 0) -> int:
    """A whole number of at least ``least``."""
    value = text(name) or str(default)
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from None
    if number < least:
        raise ImproperlyConfigured(f"{name}={number} is less than {least}.")
    return number


def real(name: str, default: float, least: float = 0.0) -> float:
    """A number of at least ``least``."""
    value = text(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from None
    if not number >= least:
        raise ImproperlyConfigured(f"{name}={number} is less than {least}.")
    return number


def url(name: str, default: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """An address with one of ``schemes`` and a host; empty is allowed where ``default`` is."""
    value = text(name) or default
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ImproperlyConfigured(f"{name}={value!r} must start with one of {', '.join(schemes)}.")
    return value.rstrip("/")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of ``allowed``."""
    value = text(name) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} must be one of {', '.join(allowed)}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
