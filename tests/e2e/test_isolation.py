"""Somebody outside a group gets nothing from its collection, whatever ids are sent."""

import json
from collections.abc import Iterator, Mapping
from uuid import uuid4

import httpx
import pytest
import websockets
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.e2e.people import answered, ask, sign_in
from tests.e2e.stack import Stack

SECONDS = 120
SECRET_QUESTION = "What is the salary band of a senior engineer?"


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """The signed-in employee, without a browser."""
    person = stack.sign_ins["Employee"]
    with httpx.Client(base_url=stack.url, follow_redirects=True) as client:
        client.get("/sign-in/")
        form = {"username": person.name, "password": person.password}
        headers = {"Referer": stack.url, "X-CSRFToken": client.cookies["csrftoken"]}
        client.post("/sign-in/", data=form, headers=headers).raise_for_status()
        yield client


def frames(stack: Stack, cookies: httpx.Cookies, sent: Mapping[str, object]) -> list[str]:
    """Send ``sent`` over a socket and give every frame until an error or the turn's end."""
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    address = f"{stack.url.replace('http', 'ws', 1)}/ws/chat/"
    received: list[str] = []
    with connect(address, origin=websockets.Origin(stack.url), additional_headers=header) as socket:
        socket.send(json.dumps(sent))
        while not received or not is_last(received[-1]):
            received.append(str(socket.recv(timeout=SECONDS)))
    return received


def is_last(text: str) -> bool:
    frame = json.loads(text)
    return bool(frame["type"] == "error") or frame.get("event", {}).get("type") == "ended"


@pytest.fixture
def secret_collection(page: Page, stack: Stack) -> str:
    """The id of the collection that the employee may not read."""
    sign_in(page, stack.sign_ins["Admin"])
    page.goto("/library/")
    page.get_by_role("link", name="People operations", exact=True).click()
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def test_the_admin_who_is_in_the_group_gets_the_source(
    page: Page, stack: Stack, secret_collection: str
) -> None:
    page.goto("/")
    turn = answered(ask(page, SECRET_QUESTION))
    sources = turn.get_by_role("group", name="Sources of this answer")
    expect(sources).to_contain_text("Salary bands 2026")


def test_the_employee_gets_nothing_of_it_when_asking_everywhere(
    stack: Stack, client: httpx.Client
) -> None:
    question = {
        "type": "send", "client_id": str(uuid4()), "conversation": None,
        "text": SECRET_QUESTION, "collections": None,
    }  # fmt: skip
    received = frames(stack, client.cookies, question)
    assert any('"passages"' in frame for frame in received)
    assert not any("Salary bands" in frame for frame in received)


def test_naming_the_collection_brings_an_error_that_does_not_say_that_it_exists(
    stack: Stack, client: httpx.Client, secret_collection: str
) -> None:
    answers = []
    for collection in (secret_collection, str(uuid4())):
        question = {
            "type": "send", "client_id": str(uuid4()), "conversation": None,
            "text": SECRET_QUESTION, "collections": [collection],
        }  # fmt: skip
        frame = json.loads(frames(stack, client.cookies, question)[-1])
        answers.append((frame["type"], frame["code"], frame["message"]))
    assert answers[0] == answers[1]
    assert answers[0][:2] == ("error", "not_found")


def test_another_persons_conversation_turn_and_source_do_not_exist(
    page: Page, stack: Stack, client: httpx.Client, secret_collection: str
) -> None:
    page.goto("/")
    turn = answered(ask(page, SECRET_QUESTION))
    turn_id, address = turn.get_attribute("data-turn"), page.url
    assert client.get(address).status_code == 404
    assert client.get(f"/sources/{turn_id}/1/").status_code == 404
    for frame in (
        {"type": "attach", "turn": turn_id, "after": 0},
        {"type": "stop", "turn": turn_id},
    ):
        received = frames(stack, client.cookies, frame)
        assert json.loads(received[-1])["code"] == "not_found"


def test_the_employee_cannot_reach_the_library_or_the_log(
    stack: Stack, client: httpx.Client, secret_collection: str
) -> None:
    for path in ("/library/", f"/library/{secret_collection}/", "/log/", "/log/1/"):
        assert client.get(path).status_code == 403
