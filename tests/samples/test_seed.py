"""The seed: one person per role and the sample handbook, once, and never again."""

from io import StringIO
from pathlib import Path
from stat import S_IMODE

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chatapp.accounts.models import Role, User
from chatapp.library.models import Collection, Document
from chatapp.samples.people import SignIn, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings: Settings, tmp_path: Path, redis_url: str) -> Path:
    """An empty site with its own folder for state, and a broker to hand ingestion to."""
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "documents"
    return tmp_path


def seed() -> str:
    out = StringIO()
    call_command("seed", stdout=out)
    return out.getvalue()


def test_it_makes_one_person_per_role_who_can_sign_in(site: Path) -> None:
    shown = seed()
    sign_ins = read(site / "sign-ins.json")
    assert {sign_in.role for sign_in in sign_ins} == set(Role.labels)
    for sign_in in sign_ins:
        assert User.objects.get(username=sign_in.name).check_password(sign_in.password)
        assert f"{sign_in.name} / {sign_in.password}" in shown


def test_passwords_are_made_on_this_machine_and_only_the_owner_reads_them(site: Path) -> None:
    seed()
    first = read(site / "sign-ins.json")
    assert S_IMODE((site / "sign-ins.json").stat().st_mode) == 0o600
    User.objects.all().delete()
    seed()
    assert {s.password for s in first}.isdisjoint(s.password for s in read(site / "sign-ins.json"))


def test_it_receives_every_sample_file_into_two_collections_with_different_readers(
    site: Path,
) -> None:
    seed()
    readers = {c.name: [g.name for g in c.readers.all()] for c in Collection.objects.all()}
    assert readers == {
        "Company handbook": ["Everyone"],
        "People operations": ["People operations"],
    }
    suffixes = {Path(name).suffix for name in Document.objects.values_list("name", flat=True)}
    assert suffixes == {
        ".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".txt", ".csv", ".eml",
    }  # fmt: skip


def test_a_second_time_changes_nothing_and_shows_the_same_sign_ins(site: Path) -> None:
    seed()
    sign_ins, documents = read(site / "sign-ins.json"), Document.objects.count()
    shown = seed()
    assert read(site / "sign-ins.json") == sign_ins
    assert Document.objects.count() == documents
    assert all(sign_in.password in shown for sign_in in sign_ins)


def test_it_goes_on_after_a_crash_without_taking_a_file_twice(site: Path) -> None:
    seed()
    documents = Document.objects.count()
    (site / "samples-seeded").unlink()
    Document.objects.filter(name__endswith=".pdf").delete()
    seed()
    assert Document.objects.count() == documents


def test_what_an_admin_deleted_stays_deleted(site: Path) -> None:
    seed()
    Collection.objects.all().delete()
    seed()
    assert not Collection.objects.exists()


def test_whom_the_site_removed_stays_removed_and_is_not_shown(site: Path) -> None:
    seed()
    User.objects.get(username="emma").delete()
    assert "emma" not in seed()
    assert not User.objects.filter(username="emma").exists()


def test_a_password_that_was_changed_is_neither_reset_nor_shown(site: Path) -> None:
    seed()
    ada = User.objects.get(username="ada")
    ada.set_password("my own phrase, thank you")
    ada.save()
    assert "ada /" not in seed()
    assert User.objects.get(username="ada").check_password("my own phrase, thank you")


def test_a_site_with_people_of_its_own_is_left_alone(site: Path) -> None:
    User.objects.create_user("boss", password="a long enough phrase", role=Role.ADMIN)
    assert seed() == ""
    assert User.objects.count() == 1
    assert not Collection.objects.exists()


def test_a_file_of_sign_ins_is_replaced_in_one_step(site: Path) -> None:
    seed()
    assert not (site / "sign-ins.new").exists()
    assert all(isinstance(sign_in, SignIn) for sign_in in read(site / "sign-ins.json"))
