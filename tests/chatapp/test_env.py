"""Settings are typed readings of the environment that refuse a bad value at start."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatapp import env


def test_a_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))
    assert env.text("THING") == "from a file"


def test_it_refuses_a_value_beside_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "a")
    monkeypatch.setenv("THING_FILE", "/some/where")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env.text("THING")


def test_it_names_a_file_that_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="THING_FILE: cannot read"):
        env.text("THING")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("THING"), "perhaps"),
        (lambda: env.integer("THING", 1), "many"),
        (lambda: env.integer("THING", 5, least=2), "1"),
        (lambda: env.real("THING", 1.0), "soon"),
        (lambda: env.real("THING", 1.0, least=0.5), "nan"),
        (lambda: env.real("THING", 1.0, least=0.5), "0.1"),
        (lambda: env.url("THING", ""), "ftp://host"),
        (lambda: env.url("THING", ""), "localhost:8000"),
        (lambda: env.choice("THING", "a", ("a", "b")), "c"),
    ],
)
def test_it_refuses_a_bad_value_and_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match="THING"):
        read()


def test_it_reads_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAG", "Yes")
    monkeypatch.setenv("NUMBER", "7")
    monkeypatch.setenv("URL", "https://chat.example/")
    monkeypatch.setenv("WORDS", "a, b,,c ")
    assert env.flag("FLAG")
    assert not env.flag("ABSENT")
    assert env.integer("NUMBER", 1) == 7
    assert env.url("URL", "") == "https://chat.example"
    assert env.url("ABSENT", "") == ""
    assert env.words("WORDS") == ["a", "b", "c"]
