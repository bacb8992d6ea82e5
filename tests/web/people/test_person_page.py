"""The page of a person: who they are, what they may do, and how far their changes are."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Membership, Team
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.calendar.models import Slot
from deployer.releases.models import Change
from deployer.web.people.releases import releases_of
from tests.scene import Scene
from tests.web import pages
from tests.web.calendar.browser import Browser, Page

pytestmark = pytest.mark.django_db


def person(name: str = "sam", role: Role = Role.DEVELOPER, **fields: Any) -> User:
    return User.objects.create_user(
        name, first_name=name.title(), last_name="Lee", email=f"{name}@example.org", role=role, **fields
    )


def opened(today: Scene, of: User) -> Page:
    return Browser(today.person()).open(of.get_absolute_url())


def written(by: User, app: str, version: str) -> Change:
    release = pages.release(pages.application(app), version)
    return Change.objects.create(release=release, position=0, title=f"Mend {app}", author_email=by.email)


@pytest.mark.parametrize(
    ("role", "fields", "says"),
    [
        (Role.VIEWER, {}, "Viewer Sam Lee"),
        (Role.VIEWER, {}, "They may look at everything and change nothing."),
        (Role.DEVELOPER, {}, "They are in no team"),
        (Role.RELEASE_MANAGER, {}, "promote and roll back every application"),
        (Role.VIEWER, {"is_superuser": True}, "They give people their rights in the admin."),
        (Role.RELEASE_MANAGER, {"is_active": False}, "Sam Lee Deactivated"),
        (Role.RELEASE_MANAGER, {"is_active": False}, "They may not sign in any more"),
    ],
)
def test_it_says_in_words_what_they_may_do(today: Scene, role: Role, fields: dict[str, Any], says: str) -> None:
    assert says in opened(today, person(role=role, **fields)).text


def test_a_developer_is_said_to_work_on_their_teams_applications(today: Scene) -> None:
    sam = person()
    team = Team.objects.create(slug="search", name="Search")
    Membership.objects.create(user=sam, team=team)

    page = opened(today, sam)

    assert "applications of Search, and look at" in page.text
    assert 'href="/teams/search/"' in page.source


def test_only_they_and_admins_see_their_address(today: Scene) -> None:
    sam = person()
    address = "sam@example.org"

    assert address not in opened(today, sam).source
    assert address in Browser(today.person("sam")).open(sam.get_absolute_url()).source
    admin = today.person("ada", role=Role.VIEWER)
    User.objects.filter(username="ada").update(is_superuser=True)
    assert address in Browser(admin).open(sam.get_absolute_url()).source


def test_what_they_did_is_listed_and_nothing_of_others(today: Scene) -> None:
    sam = person()
    record("x.done", "Sam did it.", by=sam.as_actor())
    record("x.done", "Deployer did that.", by=ENGINE)

    page = opened(today, sam)

    assert "Sam did it." in page.text
    assert "Deployer did that." not in page.text


def test_their_slots_to_come_are_listed(today: Scene) -> None:
    sam, app = person(), pages.application("frontend")
    start = timezone.now() + timedelta(days=1)
    slot = Slot.objects.create(
        environment=app.targets.get(environment__slug="staging").environment,
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
        booker=sam,
        booked_by="Sam Lee",
        due_at=start,
    )

    assert f'href="{slot.get_absolute_url()}"' in opened(today, sam).source


def test_there_is_no_page_of_nobody(today: Scene) -> None:
    assert Browser(today.person()).open("/people/99999/").status == 404


class TestReleases:
    def progress(self, of: User) -> list[tuple[str, str]]:
        [found] = releases_of(of)
        return [(one.environment.slug, one.progress.label) for one in found.reached]

    def test_each_environment_says_how_far_it_is(self, today: Scene) -> None:
        sam = person()
        app = written(sam, "frontend", "v2").release.application
        pages.live(app, "integration", "v2")
        pages.promotion(app, "staging", "v2", blockers=[pages.blocker("manual", "A person starts it.")])

        assert self.progress(sam) == [("integration", "Live"), ("staging", "Waiting"), ("production", "Not yet")]
        assert "A person starts it." in opened(today, sam).text

    def test_a_newer_release_brings_it_too_and_is_named(self, today: Scene) -> None:
        sam = person()
        app = written(sam, "frontend", "v2").release.application
        pages.live(app, "integration", "v3")
        pages.live(app, "staging", "v1")

        assert self.progress(sam) == [("integration", "Live"), ("staging", "Not yet"), ("production", "Not yet")]
        assert releases_of(sam)[0].reached[0].newer == "v3"

    def test_what_holds_it_up_is_said_and_linked(self, today: Scene) -> None:
        sam = person()
        app = written(sam, "frontend", "v2").release.application
        hold = pages.hold(app, "staging", "It leaks.")

        assert self.progress(sam)[1] == ("staging", "Stopped")
        assert f'href="{hold.get_absolute_url()}"' in opened(today, sam).source

    def test_a_rollback_to_it_does_not_bring_it(self, today: Scene) -> None:
        sam = person()
        app = written(sam, "frontend", "v2").release.application
        pages.promotion(app, "staging", "v2", "deploying", kind="rollback", started_at=timezone.now())

        assert self.progress(sam)[1] == ("staging", "Not yet")

    def test_the_address_may_be_written_in_capitals_and_others_changes_are_not_theirs(self, today: Scene) -> None:
        sam = person()
        User.objects.filter(pk=sam.pk).update(email="Sam@example.org")
        sam.refresh_from_db()
        written(person("kim"), "router", "v1")
        mine = written(sam, "frontend", "v2")
        Change.objects.filter(pk=mine.pk).update(author_email="sam@example.org")

        assert [one.release.pk for one in releases_of(sam)] == [mine.release_id]

    def test_who_has_no_address_has_no_release(self, today: Scene) -> None:
        nobody = User.objects.create_user("nobody")
        written(nobody, "frontend", "v1")

        assert releases_of(nobody) == []


def test_it_takes_as_many_queries_however_much_there_is(today: Scene) -> None:
    sam, me = person(), today.person()
    browser, taken = Browser(me), []
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            app = written(sam, f"app-{number}", "v2").release.application
            pages.live(app, "integration", "v2")
            pages.promotion(app, "staging", "v2", blockers=[pages.blocker("manual", "Wait.")])
            record("x.done", "It.", by=sam.as_actor(), application=app.slug)
        with CaptureQueriesContext(connection) as queries:
            assert browser.open(sam.get_absolute_url()).status == 200
        taken.append(len(queries))

    assert taken[0] == taken[1] <= 30
