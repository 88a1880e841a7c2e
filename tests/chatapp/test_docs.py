"""The documents name everything that there is: settings, events, commands."""

import ast
import re
from pathlib import Path

from chatapp.conversations.events import KINDS

ROOT = Path(__file__).parents[2]


def settings_read() -> set[str]:
    """The names of the variables that settings.py reads through ``env``."""
    tree = ast.parse((ROOT / "chatapp/settings.py").read_text(encoding="utf-8"))
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and isinstance(node.args[0], ast.Constant)
    }


def settings_described() -> set[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Settings")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))


def test_the_readme_describes_exactly_the_settings_that_exist() -> None:
    assert settings_described() == settings_read()


def test_the_protocol_names_every_event() -> None:
    protocol = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}`" not in protocol] == []


def test_the_protocol_names_every_close_and_error_code() -> None:
    protocol = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    codes: set[str] = set()
    for consumer in ROOT.glob("chatapp/*/consumer.py"):
        source = consumer.read_text(encoding="utf-8")
        codes |= set(re.findall(r"\b4\d{3}\b", source))
    assert codes
    assert [code for code in sorted(codes) if code not in protocol] == []


def commands() -> list[str]:
    """Every `make` target and every management command of ours."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = dict.fromkeys(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    modules = ROOT.glob("chatapp/*/management/commands/[a-z]*.py")
    return [f"make {name}" for name in targets] + [f"manage.py {path.stem}" for path in modules]


def test_the_documents_name_every_command() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    words = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert [command for command in commands() if command not in words] == []
