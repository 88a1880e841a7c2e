"""Who may see what: the owner, a team mate, a stranger, and the roles."""

from django.contrib.auth.models import Group

from chatapp import access
from chatapp.accounts.models import User
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


def test_an_admin_manages_every_collection_but_reads_only_what_their_groups_read(
    admin: User,
) -> None:
    Collection.objects.create(name="Board papers")

    assert access.managed_collections(admin).count() == 1
    assert not access.readable_collections(admin).exists()


def test_only_compliance_staff_see_the_log(employee: User, admin: User, compliance: User) -> None:
    Entry.objects.create(kind="verdict", stage="request", action="block", policy_version=1)

    assert access.visible_entries(compliance).count() == 1
    assert not access.visible_entries(admin).exists()
    assert not access.visible_entries(employee).exists()
