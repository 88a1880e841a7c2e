"""The names of all environment variables that the settings read."""

import re
from functools import cache
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[2] / "chatapp" / "settings.py"


@cache
def settings_names() -> frozenset[str]:
    """Every NAME of an ``env.…("NAME"…)`` in chatapp/settings.py."""
    return frozenset(re.findall(r'env\.\w+\(\s*"(\w+)"', SETTINGS.read_text(encoding="utf-8")))
