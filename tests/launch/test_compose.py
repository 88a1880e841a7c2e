"""docker-compose.yml: valid, and no promise that the product does not keep."""

import json
import re
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chatapp.launch import entry, health
from tests.launch.settings_names import settings_names

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}


def schema() -> dict[str, Any]:
    """The Compose specification's own schema, as the check-jsonschema package carries it."""
    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_it_is_valid_by_the_compose_specification() -> None:
    validator = jsonschema.validators.validator_for(schema())(schema())
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_schema_would_refuse_a_misspelt_key() -> None:
    wrong = {"services": {"web": {"image": "x", "helthcheck": {}}}}
    validator = jsonschema.validators.validator_for(schema())(schema())
    assert list(validator.iter_errors(wrong))


def test_one_image_serves_every_process_of_ours() -> None:
    assert {service["image"] for service in OURS.values()} == {"parapet:0.1.0"}
    assert set(OURS) == {"web", "worker", "beat", "inference", "migrate"}


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_starts_by_an_entry_point_of_the_product(name: str) -> None:
    assert OURS[name]["command"] == [name]
    assert name in entry.COMMANDS


@pytest.mark.parametrize("name", OURS)
def test_each_setting_that_is_passed_exists(name: str) -> None:
    for variable in OURS[name]["environment"]:
        assert variable.removesuffix("_FILE") in settings_names(), variable


def test_what_an_operator_may_set_exists_too() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    ours = set(re.findall(r"\$\{(\w+):-", text)) - {"VLLM_MODEL", "VLLM_MODELS"}
    assert ours <= settings_names()


def test_only_the_web_has_a_port_and_only_on_loopback() -> None:
    open_ports = {
        name: service["ports"] for name, service in SERVICES.items() if "ports" in service
    }
    assert list(open_ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in open_ports["web"])


def test_the_machines_own_proxy_is_believed_and_nobody_else() -> None:
    """A published port's connections come from the gateway of the network."""
    (network,) = COMPOSE["networks"]["outside"]["ipam"]["config"]
    assert ip_address(network["gateway"]) in ip_network(network["subnet"])
    assert SERVICES["web"]["environment"]["PROXY_ADDRESSES"] == network["gateway"]


@pytest.mark.parametrize("name", set(SERVICES) - ONCE)
def test_each_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


@pytest.mark.parametrize("name", set(OURS) - ONCE)
def test_each_of_ours_is_asked_for_its_own_health(name: str) -> None:
    assert OURS[name]["healthcheck"]["test"][-2:] == ["health", name]
    assert name in health.checks()


@pytest.mark.parametrize("name", OURS)
def test_each_of_ours_runs_without_any_privilege(name: str) -> None:
    service = OURS[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_gain_privileges(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", set(SERVICES) - {"web", "pull"})
def test_nothing_but_the_web_and_the_puller_of_models_can_reach_outside(name: str) -> None:
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", set(SERVICES) - set(OURS))
def test_the_versions_of_other_images_are_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+[\d.]*)?", tag)


def test_secrets_come_from_files_that_the_script_makes() -> None:
    script = (ROOT / "scripts" / "secrets").read_text(encoding="utf-8")
    for secret in COMPOSE["secrets"].values():
        assert f"> {secret['file']}" in script


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for variable in service.get("environment", {}):
            assert not re.search(r"(KEY|PASSWORD|SECRET)$", variable), variable


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_mounts_and_waits_for_exists(name: str) -> None:
    service = SERVICES[name]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or source.startswith("${"), volume
    for needed, how in service.get("depends_on", {}).items():
        assert needed in SERVICES
        assert how["condition"] == (
            "service_completed_successfully" if needed in ONCE else "service_healthy"
        )
    for secret in service.get("secrets", []):
        assert secret in COMPOSE["secrets"]
