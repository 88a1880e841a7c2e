"""What is vendored is what NOTICE says that it is."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTED = {
    path: digest
    for digest, path in re.findall(
        r"sha256:\s+([0-9a-f]{64})\s+(\S+)", (ROOT / "NOTICE").read_text(encoding="utf-8")
    )
}
FOLDERS = ("static/fonts", "static/vendor", "tests/frontend/vendor")


@pytest.mark.parametrize("path", LISTED)
def test_a_vendored_file_has_the_digest_in_the_notice(path: str) -> None:
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == LISTED[path]


def test_the_notice_lists_every_vendored_file() -> None:
    vendored = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not path.name.startswith("LICENSE")
    }
    assert vendored == LISTED.keys() - {"static/icons.svg"}


def test_each_licence_that_the_notice_names_is_there() -> None:
    named = re.findall(r"\S+/LICENSE\S*", (ROOT / "NOTICE").read_text(encoding="utf-8"))
    assert len(named) == 10
    for path in named:
        assert (ROOT / path).read_text(encoding="utf-8").strip()


def test_nothing_vendored_is_fetched_from_elsewhere() -> None:
    for folder in ("static/js", "static/css"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".js", ".css"}:
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"(?:import|from|url\()\s*[\"']?https?:", text), path
