"""The policy in force: seeded, cached by version, and changed at once."""

import copy
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoAssertNumQueries

from chatapp.moderation.models import PolicyVersion
from chatapp.moderation.services import BUILT_IN, active_policy
from guardrails.policy import DEFAULT_BODY, PolicyError


def body(message: str) -> dict[str, Any]:
    changed = copy.deepcopy(dict(DEFAULT_BODY))
    changed["messages"] = {**DEFAULT_BODY["messages"], "failure": message}
    return changed


def activate(version: int, message: str) -> None:
    PolicyVersion.objects.filter(active=True).update(active=False)
    PolicyVersion.objects.create(version=version, body=body(message), active=True)


def test_a_new_site_has_version_1_of_the_built_in_policy(db: None) -> None:
    row = PolicyVersion.objects.get()
    assert row.version == 1
    assert row.active
    assert row.body == DEFAULT_BODY
    assert active_policy().version == 1


def test_a_policy_is_read_once_and_its_version_each_time(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    policy = active_policy()
    with django_assert_num_queries(1):
        assert active_policy() is policy


def test_a_change_is_in_force_at_once(db: None) -> None:
    assert active_policy().version == 1

    activate(2, "Nobody could check this.")

    assert active_policy().version == 2
    assert active_policy().failure_message == "Nobody could check this."


def test_going_back_to_an_earlier_version_is_in_force_at_once(db: None) -> None:
    first = active_policy()
    activate(2, "Nobody could check this.")
    active_policy()
    PolicyVersion.objects.filter(version=2).update(active=False)
    PolicyVersion.objects.filter(version=1).update(active=True)
    assert active_policy() == first


@pytest.mark.parametrize("message", ["One", "Two"])
def test_the_same_number_made_anew_is_not_taken_for_the_old_one(db: None, message: str) -> None:
    activate(2, message)
    assert active_policy().failure_message == message


def test_without_an_active_policy_the_built_in_one_judges(db: None) -> None:
    PolicyVersion.objects.all().delete()
    policy = active_policy()
    assert policy.version == BUILT_IN
    assert policy.stages


def test_a_body_without_sense_is_an_error_and_no_open_guard(db: None) -> None:
    PolicyVersion.objects.filter(active=True).update(active=False)
    PolicyVersion.objects.create(version=2, body={"stages": {}}, active=True)
    with pytest.raises(PolicyError):
        active_policy()


def migrate_back() -> None:
    MigrationExecutor(connection).migrate([("moderation", "0001_initial")])


def migrate() -> None:
    """To where the other tests expect the tables."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("moderation"))


@pytest.mark.django_db(transaction=True)
def test_the_seed_goes_back_and_forth() -> None:
    migrate_back()
    try:
        assert not PolicyVersion.objects.exists()
    finally:
        migrate()
    assert PolicyVersion.objects.get().body == DEFAULT_BODY


@pytest.mark.django_db(transaction=True)
def test_the_seed_leaves_a_sites_own_policies_alone() -> None:
    PolicyVersion.objects.all().delete()
    activate(1, "Ours.")
    activate(2, "Ours too.")
    migrate_back()
    migrate()
    assert [row.version for row in PolicyVersion.objects.all()] == [2, 1]
    assert PolicyVersion.objects.get(active=True).version == 2
