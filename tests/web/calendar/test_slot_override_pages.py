"""Letting a slot pass what blocks it, by its page."""

from datetime import timedelta

import pytest

from apps_registry.models import Application, Target
from deployer.access.models.user import Role
from deployer.calendar.actions.slots import cancel
from deployer.calendar.models import Slot, SlotOverride
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Page
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import at_desk, frozen

WHY = "A security fix that can't wait."
OVERRIDE = "Override it"


@pytest.fixture
def slot(today: Scene, frontend: Application) -> Slot:
    """One that a freeze catches."""
    made = booked(today, frontend, at=soon(2))
    frozen(today, start=soon(1), hours=5)
    return made


def form_of(today: Scene, slot: Slot) -> Page:
    return at_desk(today.manager()).open(f"/slots/{slot.pk}/override/")


def summary(page: Page) -> str:
    assert page.text.startswith("Error:")
    assert "There is a problem" in page.text
    assert not SlotOverride.objects.exists()
    return page.text


def test_a_release_manager_lets_it_pass_until_it_ends(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot)
    assert "Everything is frozen by Sam Doe: The Budget." in page.text

    page = page.send(OVERRIDE, reason=WHY)

    override = slot.overrides.get()
    assert page.path == slot.get_absolute_url()
    assert (override.reason, override.given_by, override.expires_at) == (WHY, "Sam Doe", slot.ends_at)
    assert "Sam Doe lets it pass the freeze" in page.text


def test_one_of_several_is_chosen(today: Scene, slot: Slot) -> None:
    other = frozen(today, start=soon(2), reason="The election.")
    page = form_of(today, slot)

    without = page.send(OVERRIDE, reason=WHY)
    without.send(OVERRIDE, blocker=f"freeze:{other.pk}")

    assert "Choose what is to be overridden" in without.text
    assert slot.overrides.get().blocker == f"freeze:{other.pk}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "Because"}, "Say why it may be overridden, in at least 10 characters"),
        ({"reason": " " * 40}, "Say why it may be overridden, in at least 10 characters"),
        ({"reason": WHY + "\0"}, "The reason must not have control characters"),
        ({"reason": WHY, "blocker": "freeze:999"}, "what was chosen is not in its way any more"),
        ({"reason": WHY, "date": "31/2/2027"}, "Enter a day that exists"),
        ({"reason": WHY, "time": "25:00"}, "Enter a time of the day"),
        ({"reason": WHY, "date": "2190-01-01"}, "The override must end within the slot: after"),
        ({"reason": WHY, "date": "2001-01-01"}, "The override must end within the slot: after"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    today: Scene, slot: Slot, fields: dict[str, str], said: str
) -> None:
    page = form_of(today, slot).send(OVERRIDE, **fields)

    assert said in summary(page)
    for name in {"reason", "date", "time"} & fields.keys():
        assert page.fields[name] == [fields[name]]


def test_it_may_end_before_the_slot_does(today: Scene, slot: Slot) -> None:
    end = slot.starts_at + timedelta(minutes=10)

    form_of(today, slot).send(OVERRIDE, reason=WHY, date=end.date().isoformat(), time=f"{end:%H:%M}")

    assert slot.overrides.get().expires_at == end


@pytest.mark.parametrize(("role", "teams"), [(Role.VIEWER, ()), (Role.DEVELOPER, ("web",))])
def test_nobody_else_can(today: Scene, slot: Slot, role: Role, teams: tuple[str, ...]) -> None:
    browser = at_desk(today.person("kim", role=role, teams=teams))

    page = browser.open(f"/slots/{slot.pk}/override/")

    assert page.status == 403
    assert "Only a release manager, as a person, can override what blocks." in page.text


def test_a_right_that_was_lost_meanwhile_is_asked_for_again(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot)
    manager = today.manager().user
    assert manager is not None
    manager.role = Role.DEVELOPER
    manager.save()

    assert page.send(OVERRIDE, reason=WHY).status == 403
    assert not SlotOverride.objects.exists()


def test_without_anything_in_its_way_there_is_nothing_to_override(today: Scene, frontend: Application) -> None:
    page = form_of(today, booked(today, frontend))

    assert "Nothing is in its way now that could be overridden." in page.text
    assert page.forms == []


def test_what_can_not_be_overridden_is_told_with_who_can_mend_it(today: Scene, slot: Slot) -> None:
    Target.objects.filter(environment=slot.environment).update(slot_policy="not_used")

    page = form_of(today, slot)

    assert "What can't be overridden" in page.text
    assert "frontend is deployed to integration without slots. An admin can change the target's policy." in page.text


def test_one_that_has_ended_has_nothing_to_override(today: Scene, slot: Slot) -> None:
    cancel(slot=slot, rights=today.person(), now=today.now)

    page = form_of(today, slot)

    assert "It is cancelled: there is nothing left to override." in page.text
    assert page.forms == []
