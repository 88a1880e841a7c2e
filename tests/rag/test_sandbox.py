"""The parser process is bounded, alone, and gone when its time is up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rag.extract import Limits, extract, sandbox
from tests.rag.conftest import Read, Refusal, texts
from tests.rag.documents import with_member, word

MIB = 1024 * 1024
ROOT = sandbox.ROOT
# Nine million cells make a list of strings that takes seconds and hundreds of megabytes.
HEAVY = b"a;b;c\n" + b"1;2;3\n" * 3_000_000
Stand = Callable[[str], None]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Stand:
    """``stand_in(code)`` runs ``code`` in place of the reader: a child that an attacker holds."""

    def replace(code: str) -> None:
        monkeypatch.setattr(sandbox, "BOOT", code)

    return replace


def children() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True)]


def test_it_ends_at_its_limit_of_processor_time(refusal: Refusal) -> None:
    before = time.monotonic()

    assert "too long to read" in refusal(HEAVY, "x.csv", Limits(cpu_seconds=1))
    assert time.monotonic() - before < 60


def test_it_is_killed_at_its_limit_of_time(refusal: Refusal) -> None:
    known = children()

    assert "too long to read" in refusal(HEAVY, "x.csv", Limits(wall_seconds=0.3))
    assert children() == known


def test_it_ends_at_its_limit_of_memory(refusal: Refusal) -> None:
    assert "more memory" in refusal(HEAVY, "x.csv", Limits(memory_bytes=150 * MIB))


def test_more_text_than_the_limit_is_refused(refusal: Refusal) -> None:
    assert "more text" in refusal(b"word " * 1000, "x.txt", Limits(chars=4000))


def test_a_child_that_never_answers_is_killed(stand_in: Stand, refusal: Refusal) -> None:
    stand_in("import signal; signal.pause()")
    known = children()

    assert "too long to read" in refusal(b"words", limits=Limits(wall_seconds=0.3))
    assert children() == known


def test_a_child_that_closes_its_output_and_stays_is_killed(
    stand_in: Stand, refusal: Refusal
) -> None:
    stand_in("import os, signal; os.close(1); signal.pause()")
    known = children()

    assert "too long to read" in refusal(b"words", limits=Limits(wall_seconds=0.3))
    assert children() == known


def test_a_child_that_floods_its_output_is_killed(stand_in: Stand, refusal: Refusal) -> None:
    stand_in("import os\nwhile True: os.write(1, bytes(1 << 20))")
    known = children()

    assert "more text" in refusal(b"words", limits=Limits(chars=1000))
    assert children() == known


def test_a_child_that_crashes_is_a_sentence(stand_in: Stand, refusal: Refusal) -> None:
    stand_in("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")

    assert "cannot be read" in refusal(b"words")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"blocks": 1}',
        '{"blocks": [["heading"]], "pages": null, "title": "", "media_type": ""}',
        '{"blocks": [["script", "x", null, 0]], "pages": null, "title": "", "media_type": ""}',
        '{"blocks": [["text", "x", {}, 0]], "pages": null, "title": "", "media_type": ""}',
        '{"blocks": [["text", "x", null, 0]], "pages": "many", "title": "", "media_type": ""}',
        '{"blocks": [], "pages": null, "title": "", "media_type": ""}',
    ],
)
def test_an_answer_that_makes_no_sense_is_a_sentence(
    stand_in: Stand, refusal: Refusal, answer: str
) -> None:
    stand_in(f"print({answer!r})")

    assert refusal(b"words").startswith("This file ")


def test_what_a_child_answers_is_cleaned(stand_in: Stand, read: Read) -> None:
    blocks = [["text", "a\0b\ud800\u202ec", 0, 0], ["text", "\u200b", 1, 0]]
    answer = {"blocks": blocks, "pages": 1, "title": "t\n\0", "media_type": "text/plain"}
    stand_in(f"print({json.dumps(answer)!r})")

    document = read(b"words")

    assert texts(document) == ["abc"]
    assert (document.title, document.blocks[0].page) == ("t", 1)


def test_a_child_sees_neither_environment_nor_name_nor_other_files(
    stand_in: Stand, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    stand_in(
        "import json, os, sys\n"
        "seen = [sorted(os.environ), sys.argv[2:], os.getcwd(), os.listdir('/proc/self/fd')]\n"
        "blocks = [['code', json.dumps(seen), None, 0]]\n"
        "print(json.dumps({'blocks': blocks, 'pages': None, 'title': '', 'media_type': ''}))"
    )

    with (ROOT / "pyproject.toml").open() as held:
        os.set_inheritable(held.fileno(), True)  # noqa: FBT003  the function takes no keyword
        seen = json.loads(read(b"words", "private name.txt").blocks[0].text)

    environment, arguments, folder, descriptors = seen
    assert set(environment) <= {"LANG", "OPENBLAS_NUM_THREADS", "LC_CTYPE"}
    assert arguments[0] == ".txt"
    assert "private" not in str(arguments)
    assert folder == "/"
    assert len(descriptors) == 4  # input, output, errors, and the listing itself


def run_isolated(code: str, *arguments: str) -> str:
    """What ``code`` prints in a process that can import this project."""
    code = f"import sys; sys.path.insert(0, sys.argv[1])\n{code}"
    command = [sys.executable, "-I", "-c", code, str(ROOT), *arguments]
    done = subprocess.run(command, input="words", capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_reader_can_write_no_file(tmp_path: Path) -> None:
    path = tmp_path / "written"
    code = (
        "from rag.extract.child import confine\n"
        "from rag.extract.limits import Limits\n"
        "confine(Limits())\n"
        "try:\n open(sys.argv[2], 'wb', buffering=0).write(b'x')\n"
        "except OSError as error:\n print(error.strerror)\n"
    )

    assert run_isolated(code, str(path)) == "File too large"
    assert path.read_bytes() == b""


def test_a_reader_whose_parent_was_killed_ends_by_a_clock_of_its_own() -> None:
    code = (
        "import signal\n"
        "from rag.extract.child import confine\n"
        "from rag.extract.limits import Limits\n"
        "confine(Limits(wall_seconds=-0.9))\n"
        "signal.pause()\n"
    )

    with pytest.raises(subprocess.CalledProcessError) as ended:
        run_isolated(code)
    assert ended.value.returncode == -signal.SIGALRM


def test_a_text_is_read_without_loading_the_parsers_of_other_formats() -> None:
    code = (
        "from rag.extract.child import document, respond\n"
        "from rag.extract.limits import Limits\n"
        "assert respond(document, '.txt', Limits())['blocks']\n"
        "parsers = {'docx', 'pptx', 'openpyxl', 'pypdfium2', 'lxml', 'markdown_it', 'puremagic'}\n"
        "print(sorted(parsers & set(sys.modules)))\n"
    )

    assert run_isolated(code) == "[]"


def test_a_file_that_is_not_there_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        extract(tmp_path / "absent", "x.txt")


def test_why_a_file_could_not_be_read_is_logged_in_one_line(
    refusal: Refusal, caplog: pytest.LogCaptureFixture
) -> None:
    whole = word(lambda document: document.add_paragraph("Words"))

    refusal(with_member(whole, "word/document.xml", b"<a>\n</b>"), "x.docx")

    (record,) = caplog.records
    assert "XMLSyntaxError" in record.getMessage()
    assert "\n" not in record.getMessage()
