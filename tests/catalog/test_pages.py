"""The pages about models and servers: who may open them, and what they do."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chatapp import access, wiring
from chatapp.accounts.models import User
from chatapp.backends.base import ServedModel
from chatapp.backends.errors import Refused, Unreachable
from chatapp.backends.facts import Facts
from chatapp.catalog.models import Endpoint, Kind, LanguageModel, Look, OnChange, Pull, Serving
from chatapp.catalog.offer import Address
from chatapp.catalog.secret import unseal
from tests.catalog.conftest import KEY
from tests.catalog.serving import Server

HOSTILE = '"><script>alert(1)</script>'
Visit = Callable[[Client], Any]


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """What every address leads to."""
    server = Server(ServedModel("qwen3:8b", "d1", 40_960), ServedModel("new:1b", "d9"))
    monkeypatch.setattr(wiring, "backend_at", lambda _: server)
    return server


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


def visits(model: LanguageModel) -> dict[str, Visit]:
    serving = model.servings.get()
    pull, _ = Pull.objects.get_or_create(endpoint=serving.endpoint, name="being-fetched")
    one, there = f"/models/{model.pk}/", f"/models/servers/{serving.endpoint_id}/"
    sent = {"name": "Taken", "answer_tokens": 64, "on_change": "warn", "identity": "d7"}
    return {
        "models": lambda client: client.get("/models/"),
        "model": lambda client: client.get(one),
        "save": lambda client: client.post(one, sent),
        "first": lambda client: client.post(f"{one}first/"),
        "accept": lambda client: client.post(f"{one}{serving.pk}/accept/", sent),
        "take away": lambda client: client.post(f"{one}{serving.pk}/remove/"),
        "new server": lambda client: client.get("/models/servers/new/"),
        "add server": lambda client: client.post(
            "/models/servers/new/", {"name": "Taken", "kind": "openai", "url": "http://evil"}
        ),
        "server": lambda client: client.get(there),
        "save server": lambda client: client.post(there, {"name": "Taken", "url": "http://evil"}),
        "offer": lambda client: client.post(f"{there}offer/", {"name": "new:1b"}),
        "ask to remove": lambda client: client.get(f"{there}remove/"),
        "remove server": lambda client: client.post(f"{there}remove/"),
        "fetch": lambda client: client.post(f"{there}pull/", {"name": "new:1b"}),
        "pulls": lambda client: client.get(f"{there}pulls/"),
        "cancel": lambda client: client.post(f"{there}pulls/{pull.pk}/cancel/"),
    }


VISITS = [
    *("models", "model", "save", "first", "accept", "take away", "new server", "add server"),
    *("server", "save server", "offer", "ask to remove", "remove server"),
    *("fetch", "pulls", "cancel"),
]


@pytest.fixture
def visit(request: pytest.FixtureRequest, model: LanguageModel) -> Visit:
    Serving.objects.update(found="d7")
    return visits(model)[request.param]


every_visit = pytest.mark.parametrize("visit", VISITS, indirect=True)


def state() -> list[Any]:
    """All that the pages could change."""
    kinds = (Endpoint, LanguageModel, Serving, Pull)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


def test_the_table_of_visits_is_whole(model: LanguageModel) -> None:
    assert list(visits(model)) == VISITS


@every_visit
def test_nobody_gets_in_without_signing_in(visit: Visit) -> None:
    before = state()
    assert visit(Client())["Location"].startswith("/sign-in/?next=/models/")
    assert state() == before


@every_visit
@pytest.mark.parametrize("role", ["employee", "compliance", "stranger"])
def test_other_roles_are_refused(
    visit: Visit, role: str, client: Client, server: Server, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(role))
    before = state()
    assert visit(client).status_code == 403
    assert state() == before
    assert server.asked == 0


@every_visit
def test_an_admin_is_let_in(visit: Visit, desk: Client) -> None:
    assert visit(desk).status_code in (200, 302)


@pytest.mark.parametrize(
    "visit",
    [
        "save",
        "first",
        "accept",
        "take away",
        "add server",
        "offer",
        "remove server",
        "fetch",
        "cancel",
    ],
    indirect=True,
)
def test_a_change_needs_a_token(visit: Visit, admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    before = state()
    assert visit(client).status_code == 403
    assert state() == before


# --- servers ---------------------------------------------------------------------------------


def add(desk: Client, **changes: str) -> Any:
    sent = {"name": "gpu-2", "kind": "openai", "url": "https://gpu-2:8000/v1/", "api_key": KEY}
    return desk.post("/models/servers/new/", {**sent, **changes})


def test_a_server_is_added_with_a_key_that_is_never_shown(
    desk: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = add(desk)
    made = Endpoint.objects.get(name="gpu-2")
    assert answer["Location"] == f"/models/servers/{made.pk}/"
    assert (made.kind, made.url) == (Kind.OPENAI, "https://gpu-2:8000")
    assert made.parallel is None
    assert unseal(made.sealed_key) == KEY
    assert KEY not in made.sealed_key
    for page in ("/models/", answer["Location"]):
        content = desk.get(page).content.decode()
        assert KEY not in content
        assert made.sealed_key not in content
    assert KEY not in caplog.text
    assert "ada saved the model server 'gpu-2'" in caplog.text


def test_its_page_shows_what_it_serves_now(desk: Client, endpoint: Endpoint) -> None:
    page = desk.get(f"/models/servers/{endpoint.pk}/").content.decode()
    for shown in ("qwen3:8b", "40960", "d1", "new:1b", "not told", "Answers in"):
        assert shown in page
    assert Look.objects.get(endpoint=endpoint).trouble == ""


def test_one_that_does_not_answer_says_why(
    desk: Client, endpoint: Endpoint, server: Server
) -> None:
    server.error = Unreachable("http://gpu-1:11434: refused")
    page = desk.get(f"/models/servers/{endpoint.pk}/").content.decode()
    assert "Does not answer" in page
    assert "http://gpu-1:11434: refused" in page
    assert "Does not answer" in desk.get("/models/").content.decode()


def test_a_server_that_repeats_its_key_does_not_show_it(
    desk: Client, endpoint: Endpoint, server: Server
) -> None:
    server.error = Refused(f"401: wrong key {KEY}")
    page = desk.get(f"/models/servers/{endpoint.pk}/").content.decode()
    assert "401: wrong key …" in page
    assert KEY not in page
    assert KEY not in Look.objects.get().trouble


def test_an_empty_key_keeps_the_one_that_is_there(desk: Client, endpoint: Endpoint) -> None:
    sent = {"name": "renamed", "kind": "ollama", "url": endpoint.url, "api_key": ""}
    desk.post(f"/models/servers/{endpoint.pk}/", sent)
    endpoint.refresh_from_db()
    assert (endpoint.name, unseal(endpoint.sealed_key)) == ("renamed", KEY)
    desk.post(f"/models/servers/{endpoint.pk}/", {**sent, "api_key": "another"})
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed_key) == "another"


def test_a_key_goes_to_no_other_address(desk: Client, endpoint: Endpoint) -> None:
    sent = {"name": "gpu-1", "kind": "ollama", "url": "http://elsewhere", "api_key": ""}
    desk.post(f"/models/servers/{endpoint.pk}/", sent)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.sealed_key) == ("http://elsewhere", "")


@pytest.mark.parametrize(
    "url",
    [
        *("", "gpu-2", "ftp://gpu-2", "file:///etc/passwd", "http://", "http://gpu-2:port"),
        *("http://ada:pw@gpu-2", "http://gpu-2?x=1", "http://gpu-2#x", "http://[::1"),
        "javascript:alert(1)",
        "http://gpu-2/" + "x" * 500,
    ],
)
def test_a_bad_address_is_refused(desk: Client, url: str) -> None:
    answer = add(desk, url=url)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert KEY not in answer.content.decode()
    assert not Endpoint.objects.filter(name="gpu-2").exists()


def test_a_server_gets_a_limit(desk: Client, endpoint: Endpoint) -> None:
    add(desk, parallel="8")
    assert Endpoint.objects.get(name="gpu-2").parallel == 8


@pytest.mark.parametrize(
    "changes", [{"name": "gpu-1"}, {"name": ""}, {"kind": "other"}, {"parallel": "0"}]
)
def test_a_bad_name_or_kind_is_refused(
    desk: Client, endpoint: Endpoint, changes: dict[str, str]
) -> None:
    assert b"errorlist" in add(desk, **changes).content
    assert Endpoint.objects.filter(from_settings=False).count() == 1


def test_a_server_is_removed_with_what_no_other_has(desk: Client, model: LanguageModel) -> None:
    shared = LanguageModel.objects.get(from_settings=True)
    endpoint = model.servings.get().endpoint
    Serving.objects.create(model=shared, endpoint=endpoint, name="x")
    desk.post(f"/models/servers/{endpoint.pk}/remove/")
    assert not LanguageModel.objects.filter(pk=model.pk).exists()
    assert shared.servings.count() == 1


def test_the_server_of_the_settings_is_theirs(desk: Client, of_settings: LanguageModel) -> None:
    endpoint = Endpoint.objects.get(from_settings=True)
    address = f"/models/servers/{endpoint.pk}/"
    assert b"MODEL_URL" in desk.get(address).content
    desk.post(address, {"name": "mine", "kind": "ollama", "url": "http://evil"})
    endpoint.refresh_from_db()
    assert endpoint.url != "http://evil"
    assert desk.post(f"{address}remove/").status_code == 404
    serving = of_settings.servings.get()
    desk.post(f"/models/{of_settings.pk}/{serving.pk}/remove/")
    assert of_settings.servings.exists()


# --- models ----------------------------------------------------------------------------------


def offer(desk: Client, endpoint: Endpoint, **changes: str) -> Any:
    sent = {"name": "new:1b", "model": "", **changes}
    return desk.post(f"/models/servers/{endpoint.pk}/offer/", sent)


def test_a_model_is_offered_pinned_and_to_nobody_yet(
    desk: Client, endpoint: Endpoint, employee: User
) -> None:
    answer = offer(desk, endpoint)
    made = LanguageModel.objects.get(name="new:1b")
    assert answer["Location"] == f"/models/{made.pk}/"
    assert (made.enabled, made.everyone, made.on_change) == (True, False, OnChange.WITHHOLD)
    assert made.context_tokens == 8192
    serving = made.servings.get()
    assert (serving.name, serving.pin, serving.endpoint) == ("new:1b", "d9", endpoint)
    assert made not in access.usable_models(employee)


@pytest.mark.parametrize(
    ("told", "expected"),
    [((40_960, 16_384), 16_384), ((2048, None), 2048), ((2048, 4096), 2048), ((None, None), 8192)],
)
def test_a_model_of_ollama_starts_with_the_context_that_its_maker_set(
    desk: Client,
    endpoint: Endpoint,
    server: Server,
    told: tuple[int | None, int | None],
    expected: int,
) -> None:
    made_for, usual = told
    facts = Facts(context_tokens=made_for, usual_context=usual)
    server.served = (ServedModel("new:1b", "d9", made_for, facts=facts),)
    offer(desk, endpoint)
    assert LanguageModel.objects.get(name="new:1b").context_tokens == expected


def test_it_is_opened_to_groups(desk: Client, endpoint: Endpoint, employee: User) -> None:
    offer(desk, endpoint)
    made = LanguageModel.objects.get(name="new:1b")
    staff = Group.objects.get(name="staff")
    sent = {
        "name": "Small and quick",
        "enabled": "on",
        "context_tokens": "2048",
        "answer_tokens": "256",
        "on_change": "warn",
        "groups": [staff.pk],
    }
    assert desk.post(f"/models/{made.pk}/", sent)["Location"] == "/models/"
    assert list(access.usable_models(employee).values_list("name", flat=True)) == [
        "Default",
        "Small and quick",
    ]
    made.refresh_from_db()
    assert (made.context_tokens, made.answer_tokens, made.on_change) == (2048, 256, "warn")
    del sent["enabled"]
    desk.post(f"/models/{made.pk}/", sent)
    assert access.usable_models(employee).count() == 1


def test_another_server_joins_a_model(desk: Client, model: LanguageModel) -> None:
    other = Endpoint.objects.create(name="gpu-2", url="http://gpu-2")
    offer(desk, other, name="qwen3:8b", model=str(model.pk))
    assert {place.endpoint.name for place in model.servings.all()} == {"gpu-1", "gpu-2"}
    assert LanguageModel.objects.count() == 2


@pytest.mark.parametrize("name", ["", "qwen3", "other"])
def test_what_is_not_served_is_not_offered(desk: Client, endpoint: Endpoint, name: str) -> None:
    offer(desk, endpoint, name=name)
    assert LanguageModel.objects.count() == 1
    assert b"does not serve that model" in desk.get("/models/").content


def test_names_that_are_taken_get_a_number(desk: Client, endpoint: Endpoint) -> None:
    other = Endpoint.objects.create(name="gpu-2", url="http://gpu-2")
    third = Endpoint.objects.create(name="gpu-3", url="http://gpu-3")
    for each in (endpoint, other, third):
        offer(desk, each)
    names = LanguageModel.objects.filter(from_settings=False).values_list("name", flat=True)
    assert list(names) == ["new:1b", "new:1b 2", "new:1b 3"]


def test_another_model_answers_first(desk: Client, model: LanguageModel, employee: User) -> None:
    desk.post(f"/models/{model.pk}/first/")
    first = access.usable_models(employee).first()
    assert first == model
    page = desk.get("/models/").content.decode()
    assert page.index("Qwen 3 8B") < page.index("Answers first") < page.index("Default")


def test_changed_weights_are_told_and_accepted(
    desk: Client, model: LanguageModel, server: Server
) -> None:
    Serving.objects.filter(model=model).update(pin="d1")
    serving = model.servings.get()
    server.served = (ServedModel("qwen3:8b", "d2"),)
    desk.get(f"/models/servers/{serving.endpoint_id}/")
    assert "Other weights: withheld" in desk.get("/models/").content.decode()
    page = desk.get(f"/models/{model.pk}/").content.decode()
    assert 'name="identity" value="d2"' in page

    accept = f"/models/{model.pk}/{serving.pk}/accept/"
    desk.post(accept, {"identity": "d3"})
    serving.refresh_from_db()
    assert serving.pin == "d1", "not what the admin was shown"
    desk.post(accept, {"identity": "d2"})
    serving.refresh_from_db()
    assert serving.pin == "d2"
    assert "As pinned" in desk.get("/models/").content.decode()


def test_the_limits_of_the_settings_stay_theirs(desk: Client, of_settings: LanguageModel) -> None:
    sent = {"name": "House", "answer_tokens": "9999", "context_tokens": "", "on_change": "warn"}
    desk.post(f"/models/{of_settings.pk}/", {**sent, "everyone": "on", "enabled": "on"})
    of_settings.refresh_from_db()
    assert of_settings.name == "House"
    assert (of_settings.context_tokens, of_settings.answer_tokens) == (4096, 512)


@pytest.mark.parametrize(
    "changes",
    [
        *({"name": ""}, {"name": "Default"}, {"context_tokens": "5"}, {"answer_tokens": "x"}),
        *({"reasoning": "levels", "effort": "off"}, {"reasoning": "x"}, {"sees": "maybe"}),
        *({"on_change": "ignore"}, {"groups": ["999999"]}, {"groups": [str(2**70)]}),
    ],
)
def test_it_refuses_what_makes_no_sense(
    desk: Client, model: LanguageModel, changes: dict[str, Any]
) -> None:
    sent = {"name": "Other", "answer_tokens": "256", "on_change": "warn", **changes}
    answer = desk.post(f"/models/{model.pk}/", sent)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    model.refresh_from_db()
    assert (model.name, model.groups.count()) == ("Qwen 3 8B", 1)


def test_the_last_server_takes_its_model_along(desk: Client, model: LanguageModel) -> None:
    desk.post(f"/models/{model.pk}/{model.servings.get().pk}/remove/")
    assert not LanguageModel.objects.filter(pk=model.pk).exists()


def test_names_are_only_text(desk: Client, model: LanguageModel, server: Server) -> None:
    server.served = (ServedModel(HOSTILE, HOSTILE, revision=HOSTILE),)
    LanguageModel.objects.filter(pk=model.pk).update(name=HOSTILE)
    Endpoint.objects.update(url="http://x/" + HOSTILE)
    Endpoint.objects.filter(from_settings=False).update(name=HOSTILE)
    Serving.objects.update(name=HOSTILE, pin=HOSTILE, found=HOSTILE + "2")
    there = model.servings.get().endpoint_id
    for page in ("/models/", f"/models/{model.pk}/", f"/models/servers/{there}/"):
        assert b"<script>alert" not in desk.get(page).content


def test_many_models_take_no_more_queries(
    desk: Client, model: LanguageModel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    endpoint = model.servings.get().endpoint
    for number in range(20):
        made = LanguageModel.objects.create(name=f"m{number}")
        made.groups.add(Group.objects.get(name="staff"))
        Serving.objects.create(model=made, endpoint=endpoint, name="m")
    with django_assert_max_num_queries(12):
        desk.get("/models/")


def test_an_id_that_is_not_there_is_not_found(desk: Client, model: LanguageModel) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert desk.get(f"/models/{nobody}/").status_code == 404
    assert desk.get(f"/models/servers/{nobody}/").status_code == 404
    assert desk.post(f"/models/{model.pk}/{2**40}/accept/").status_code == 404
    other = LanguageModel.objects.get(from_settings=True)
    serving = model.servings.get()
    assert desk.post(f"/models/{other.pk}/{serving.pk}/remove/").status_code == 404


def test_an_address_is_asked_with_its_own_key(
    desk: Client, endpoint: Endpoint, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Address] = []

    def backend_at(address: Address) -> Server:
        asked.append(address)
        return server

    monkeypatch.setattr(wiring, "backend_at", backend_at)
    desk.get(f"/models/servers/{endpoint.pk}/")
    assert [(each.url, each.api_key) for each in asked] == [(endpoint.url, KEY)]
