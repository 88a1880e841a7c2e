"""Who may see what: the owner, a team mate, a stranger, and the roles."""

from django.contrib.auth.models import Group

from chatapp import access
from chatapp.accounts.models import User
from chatapp.catalog.models import Endpoint, LanguageModel, Serving
from chatapp.library.models import Collection, Document, State
from chatapp.moderation.models import Entry
from tests.conversations.conftest import make_chunk


def test_it_shows_a_collection_to_members_of_a_reading_group_only(
    employee: User, team_mate: User, stranger: User
) -> None:
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))

    assert list(access.readable_collections(employee)) == [collection]
    assert list(access.readable_collections(team_mate)) == [collection]
    assert not access.readable_collections(stranger).exists()


def test_what_is_being_deleted_is_gone_for_its_readers_at_once(employee: User) -> None:
    chunk = make_chunk()
    assert list(access.readable_chunks(employee)) == [chunk]
    Document.objects.update(state=State.DELETING)
    assert not access.readable_chunks(employee).exists()
    assert access.readable_collections(employee).exists()
    Collection.objects.update(deleting=True)
    assert not access.readable_collections(employee).exists()


def test_a_suspended_person_sees_nothing(employee: User, admin: User, compliance: User) -> None:
    collection = Collection.objects.create(name="Handbook")
    collection.readers.add(Group.objects.get(name="staff"))
    User.objects.update(is_active=False)
    for person in User.objects.all():
        assert not access.readable_collections(person).exists()
        assert not access.managed_collections(person).exists()
        assert not access.visible_entries(person).exists()
        assert not access.usable_models(person).exists()
        assert not access.managed_models(person).exists()
        assert not access.managed_endpoints(person).exists()


def test_an_admin_manages_every_collection_but_reads_only_what_their_groups_read(
    admin: User,
) -> None:
    Collection.objects.create(name="Board papers")

    assert access.managed_collections(admin).count() == 1
    assert not access.readable_collections(admin).exists()


def test_it_offers_a_model_to_everyone_or_to_members_of_its_groups(
    employee: User, stranger: User, admin: User
) -> None:
    first = LanguageModel.objects.get(from_settings=True)
    model = LanguageModel.objects.create(name="For staff", position=-1)
    model.groups.add(Group.objects.get(name="staff"))
    assert list(access.usable_models(employee)) == [first], "no server has it"

    for name in ("gpu-1", "gpu-2"):
        endpoint = Endpoint.objects.create(name=name, url=f"http://{name}")
        Serving.objects.create(model=model, endpoint=endpoint)
    assert list(access.usable_models(employee)) == [model, first]
    assert list(access.usable_models(stranger)) == [first]

    LanguageModel.objects.update(enabled=False)
    assert not access.usable_models(employee).exists()


def test_only_an_admin_manages_models_and_servers(
    employee: User, admin: User, compliance: User
) -> None:
    assert access.managed_models(admin).count() == 1
    assert access.managed_endpoints(admin).count() == 1
    for person in (employee, compliance):
        assert not access.managed_models(person).exists()
        assert not access.managed_endpoints(person).exists()


def test_only_compliance_staff_see_the_log(employee: User, admin: User, compliance: User) -> None:
    Entry.objects.create(kind="verdict", stage="request", action="block", policy_version=1)

    assert access.visible_entries(compliance).count() == 1
    assert not access.visible_entries(admin).exists()
    assert not access.visible_entries(employee).exists()
