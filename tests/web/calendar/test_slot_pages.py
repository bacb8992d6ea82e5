"""The list of slots, and the page of one: what it is, what is in its way, what happened to it and what one may do."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertRedirects

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import lift
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import book, cancel, override_slot
from deployer.calendar.models import Slot
from deployer.promotions.models import Promotion
from deployer.web.calendar.slots.listing import SHOWN
from tests.calendar.bookings import booked, new_slot
from tests.scene import Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import at_desk, frozen

WHY = "A security fix that can't wait."


def viewer(today: Scene) -> Browser:
    return at_desk(today.person("vera", role=Role.VIEWER, teams=()))


def test_it_says_what_when_where_who_and_why(today: Scene, frontend: Application) -> None:
    release = today.register(frontend, "v12")
    slot = booked(
        today,
        frontend,
        at=soon(72),
        release=release,
        exclusive=True,
        watched_by="Kim Lee",
        notes="See https://example.org/plan\nand the queue",
    )

    page = viewer(today).open(slot.get_absolute_url())

    start = slot.starts_at
    assert f"Slot {slot.pk} frontend v12 in integration Booked" in page.text
    assert f"{start:%A} {start.day} {start:%B}" in page.text
    assert f"{start:%H:%M} to {slot.ends_at:%H:%M} UTC" in page.text
    assert f'title="{start.day} {start:%B %Y at %H:%M}:00 UTC"' in page.source
    assert "by Alex Doe Watched by Kim Lee Exclusive Yes: it keeps everything else out" in page.text
    assert '<a href="https://example.org/plan"' in page.source
    assert "frontend Web v12 Starts by itself when the slot does" in page.text
    assert f'href="/slots/{slot.pk}/slot.ics"' in page.source


@pytest.mark.parametrize(("hours", "named"), [(0.01, "Today"), (24, "Tomorrow")])
def test_today_and_tomorrow_are_named(today: Scene, frontend: Application, hours: float, named: str) -> None:
    slot = booked(today, frontend, at=today.now + timedelta(hours=int(hours)), minutes=1)

    assert named in viewer(today).open(slot.get_absolute_url()).text


def test_nothing_that_was_typed_becomes_part_of_the_page(today: Scene, frontend: Application) -> None:
    bad = "<script>alert(1)</script>"
    slot = booked(today, frontend, notes=f"{bad} javascript:alert(1)", watched_by=bad)

    page = viewer(today).open(slot.get_absolute_url())

    source = page.response.content.decode()
    assert "<script>" not in source
    assert 'href="javascript' not in source
    assert source.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2


def test_whoever_may_change_it_is_shown_how(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend)

    for person in (today.person(), today.person("jo"), today.manager()):
        page = at_desk(person).open(slot.get_absolute_url())
        assert f'href="/slots/{slot.pk}/change/"' in page.source
        assert f'href="/slots/{slot.pk}/cancel/"' in page.source
        assert "Extend by 15 minutes" in page.text
        assert "Override" not in page.text


@pytest.mark.parametrize(("role", "teams"), [(Role.VIEWER, ()), (Role.DEVELOPER, ("whitehall",))])
def test_whoever_may_not_is_told_who_may(
    today: Scene, frontend: Application, role: Role, teams: tuple[str, ...]
) -> None:
    slot = booked(today, frontend)

    page = at_desk(today.person("kim", role=role, teams=teams)).open(slot.get_absolute_url())

    assert "Alex Doe booked it: they, its teams or a release manager can change or cancel it." in page.text
    assert "/change/" not in page.source
    assert "/cancel/" not in page.source


def test_a_freeze_declared_later_is_shown_with_the_earliest_time(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    freeze = frozen(today, start=soon(1), hours=5, contact="#releases")

    page = at_desk(today.person()).open(slot.get_absolute_url())

    assert "What is in its way" in page.text
    assert "Everything is frozen by Sam Doe: The Budget. Contact: #releases." in page.text
    assert "Sam Doe or a release manager can lift it" in page.text
    assert f'href="{freeze.get_absolute_url()}"' in page.source
    assert "The first time at which nothing is in its way:" in page.text
    assert f"/slots/{slot.pk}/change/?start=" in page.source
    assert "A release manager can override what blocks it." in page.text
    assert "Coming Everything" in page.text


def test_without_an_end_there_is_no_other_time(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    frozen(today, start=soon(1), ends_at=None)

    page = at_desk(today.person()).open(slot.get_absolute_url())

    assert "There is no other time for it while that lasts." in page.text


def test_once_the_freeze_is_lifted_nothing_is_in_its_way(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    freeze = frozen(today, start=soon(1), hours=5)
    lift(freeze=freeze, reason="It was a mistake.", rights=today.manager(), now=today.now)

    page = at_desk(today.person()).open(slot.get_absolute_url())

    assert "What is in its way" not in page.text
    assert "Everything" not in page.text.split("History")[0]


def test_an_override_is_shown_first_and_what_it_passes_is_not_in_its_way(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    freeze = frozen(today, start=soon(1), hours=5)
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=WHY, expires_at=slot.ends_at)
    override_slot(slot=slot, new=new, rights=today.manager(), now=today.now)

    page = viewer(today).open(slot.get_absolute_url())

    assert f"Sam Doe lets it pass the freeze {WHY} What is passed: Everything is frozen" in page.text
    assert "What is in its way" not in page.text


def test_an_override_that_has_run_out_says_so(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    freeze = frozen(today, start=soon(1), hours=5)
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=WHY, expires_at=slot.ends_at)
    override = override_slot(slot=slot, new=new, rights=today.manager(), now=today.now)
    type(override).objects.filter(pk=override.pk).update(expires_at=today.now)

    page = viewer(today).open(slot.get_absolute_url())

    assert f"Sam Doe let it pass the freeze {WHY}" in page.text
    assert "It ended at" in page.text
    assert "What is in its way" in page.text


def test_a_release_manager_is_shown_the_way_to_override(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    frozen(today, start=soon(1), hours=5)

    page = at_desk(today.manager()).open(slot.get_absolute_url())

    assert f'href="/slots/{slot.pk}/override/"' in page.source


def test_the_promotions_of_its_time_are_shown_with_their_state(today: Scene) -> None:
    today.now = today.now - timedelta(minutes=40)
    manual, other = (today.application(slug, environments=1, policy="manual") for slug in ("frontend", "router"))
    release = today.register(manual, "v12")
    slot = booked(today, manual, other, at=today.now + timedelta(minutes=10), release=release)
    today.run(15 * 60)
    promotion = Promotion.objects.get()

    page = viewer(today).open(slot.get_absolute_url())

    assert "frontend Web v12 Succeeded v12" in page.text
    assert f'href="{promotion.get_absolute_url()}"' in page.source
    assert "router Web Whatever is to be deployed then None" in page.text


def test_what_waits_in_it_is_shown_while_it_is_under_way(today: Scene) -> None:
    today.now = today.now - timedelta(minutes=20)
    manual = today.application("frontend", environments=1, policy="manual")
    release = today.register(manual, "v12")
    slot = booked(today, manual, at=today.now + timedelta(minutes=10), release=release)
    frozen(today, start=today.now + timedelta(minutes=5))
    today.run(15 * 60)

    page = viewer(today).open(slot.get_absolute_url())

    assert "integration Under way" in page.text
    assert "frontend Web v12 Waiting v12" in page.text


def test_its_history_has_each_event_once_and_who_was_told(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, today.application("router", environments=1))
    cancel(slot=slot, rights=today.manager(), reason="Not today", now=today.now)

    page = viewer(today).open(slot.get_absolute_url())

    assert "Cancelled by Sam Doe. Not today" in page.text
    assert page.text.count("Alex Doe booked integration for frontend, router") == 1
    assert page.text.count("Sam Doe cancelled integration for frontend, router") == 1
    assert "Reason: Not today" in page.text
    assert page.text.count("Alex Doe: being told by e-mail to alex@example.org") == 1
    assert "/change/" not in page.source


def test_what_has_ended_is_neither_changed_nor_warned_of(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=soon(2))
    frozen(today, start=soon(1), hours=5)
    cancel(slot=slot, rights=today.person(), now=today.now)

    page = at_desk(today.manager()).open(slot.get_absolute_url())

    assert "integration Cancelled" in page.text
    assert "What is in its way" not in page.text
    assert "Coming Everything" not in page.text
    assert page.forms == []


@pytest.mark.parametrize("path", ["", "change/", "cancel/", "override/"])
def test_a_slot_that_is_not_there_is_told_in_the_same_look(today: Scene, path: str) -> None:
    page = at_desk(today.manager()).open(f"/slots/999/{path}")

    assert page.status == 404
    assert "There is nothing at this address" in page.text


@pytest.mark.parametrize("address", ["/slots/", "/slots/new/", "/slots/1/", "/slots/1/change/", "/slots/series/1/"])
def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None, address: str) -> None:
    assertRedirects(client.get(address), f"/sign-in/?next={address}")


def test_the_list_has_what_is_to_come_the_soonest_first(today: Scene, frontend: Application) -> None:
    router = today.application("router", environments=1)
    late, early = booked(today, router, at=soon(5)), booked(today, frontend, at=soon(1))
    gone = booked(today, frontend, at=soon(3))
    cancel(slot=gone, rights=today.person(), now=today.now)

    page = viewer(today).open("/slots/")

    assert [slot.pk for slot in page.response.context["listing"].slots] == [early.pk, late.pk]
    assert f'href="/slots/{early.pk}/"' in page.source
    assert "Book a slot" not in page.text


def test_what_has_ended_is_on_a_list_of_its_own(today: Scene, frontend: Application) -> None:
    booked(today, frontend, at=soon(1))
    gone = booked(today, frontend, at=soon(3))
    cancel(slot=gone, rights=today.person(), now=today.now)

    page = viewer(today).open("/slots/?past=1")

    assert [slot.pk for slot in page.response.context["listing"].slots] == [gone.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"frontend", "router", "whitehall"}),
        ("mine=1", {"frontend"}),
        ("team=web", {"frontend", "router"}),
        ("environment=staging", {"router"}),
        ("application=whitehall", {"whitehall"}),
        ("team=web&environment=integration", {"frontend"}),
        ("team=web&application=whitehall", set()),
        ("mine=0&team=&page=1", {"frontend", "router", "whitehall"}),
    ],
)
def test_the_list_is_filtered_by_the_address(today: Scene, frontend: Application, query: str, found: set[str]) -> None:
    booked(today, frontend, rights=today.person("jo"))
    booked(today, today.application("router"), environment=today.environments[1])
    whitehall = today.application("whitehall")
    kim = today.person("kim", teams=("publishing",))
    whitehall.owner_id = next(iter(kim.teams))
    whitehall.save()
    booked(today, whitehall, rights=kim, at=soon(4))

    page = at_desk(today.person("jo")).open(f"/slots/?{query}")

    assert {slot.names for slot in page.response.context["listing"].slots} == found


@pytest.mark.parametrize("query", ["team=moon", "environment=moon", "application=%00", f"application={'x' * 500}"])
def test_a_filter_that_names_nothing_says_so(today: Scene, query: str) -> None:
    page = viewer(today).open(f"/slots/?{query}")

    assert page.status == 200
    assert "There is no such" in page.text


def test_the_list_is_turned_page_by_page(today: Scene, frontend: Application) -> None:
    template = new_slot(today, frontend)
    for number in range(SHOWN + 3):
        start = soon(1 + number)
        book(new=new_slot(today, frontend, at=start), rights=today.person(), now=today.now)
    assert template.environment.slug == "integration"

    first = viewer(today).open("/slots/?environment=integration")
    second = viewer(today).open("/slots/?environment=integration&page=2")
    beyond = viewer(today).open("/slots/?page=77")

    assert 'href="?environment=integration&page=2"' in first.source
    assert len(second.response.context["listing"].slots) == 3
    assert 'href="?environment=integration&page=1"' in second.source
    assert "Next page" not in second.text
    assert "There is nothing on this page." in beyond.text


def test_the_list_asks_the_same_few_things_of_any_number_of_slots(today: Scene, frontend: Application) -> None:
    browser = viewer(today)
    counts = []
    for number in range(2):
        booked(today, frontend, at=soon(1 + 10 * number))
        for more in range(number * 5):
            booked(today, frontend, at=soon(2 + more))
        with CaptureQueriesContext(connection) as queries:
            browser.open("/slots/")
        counts.append(len(queries))

    assert Slot.objects.count() == 7
    assert counts[0] == counts[1] <= 12
