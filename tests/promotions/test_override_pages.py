"""Letting a promotion pass what blocks it, and what its page shows of the calendar. At the time that it is."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.models import Freeze
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.models import Promotion, PromotionOverride
from tests.calendar.bookings import booked
from tests.scene import ALEX, Scene
from tests.web.calendar.browser import Browser, Page

WHY = "A security fix that can't wait."
OVERRIDE = "Override it"


@pytest.fixture
def today(scene: Scene) -> Scene:
    scene.now = timezone.now().replace(second=0, microsecond=0)
    return scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    return today.application(environments=1)


def frozen(today: Scene, *, start: datetime | None = None, reason: str = "The Budget.", **fields: object) -> Freeze:
    starts_at = start or today.now
    ends_at = starts_at + timedelta(hours=3)
    values: dict[str, object] = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    return declare(new=NewFreeze(**values | fields), rights=today.manager(), now=today.now)  # type: ignore[arg-type]


def waiting(today: Scene, application: Application) -> Promotion:
    release = today.register(application, "v1")
    today.run(1)
    promotion = today.promotion(release, "integration")
    assert promotion.state == "waiting"
    return promotion


def override_page(today: Scene, promotion: Promotion) -> Page:
    return Browser(today.manager()).open(f"/promotions/{promotion.pk}/override/")


def page_of(today: Scene, promotion: Promotion) -> Page:
    return Browser(today.person("vera", role=Role.VIEWER, teams=())).open(promotion.get_absolute_url())


def test_a_release_manager_lets_it_pass_for_an_hour(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)
    promotion = waiting(today, frontend)

    page = override_page(today, promotion).send(OVERRIDE, reason=WHY)

    override = promotion.overrides.get()
    assert page.path == promotion.get_absolute_url()
    assert (override.blocker, override.reason, override.given_by) == (f"freeze:{freeze.pk}", WHY, "Sam Doe")
    assert abs(override.expires_at - timezone.now() - timedelta(hours=1)) < timedelta(minutes=2)
    promotion.refresh_from_db()
    assert promotion.state == "deploying"
    assert f"Sam Doe lets it pass the freeze {WHY} What is passed: Everything is frozen by Sam Doe" in page.text


def test_the_page_offers_it_to_who_may_and_while_something_can_be(today: Scene, frontend: Application) -> None:
    frozen(today)
    promotion = waiting(today, frontend)
    link = f"/promotions/{promotion.pk}/override/"

    assert link in Browser(today.manager()).open(promotion.get_absolute_url()).source
    for person in (today.person(), today.person("vera", role=Role.VIEWER, teams=())):
        assert link not in Browser(person).open(promotion.get_absolute_url()).source


def test_a_hold_is_not_overridden_but_lifted(today: Scene, frontend: Application) -> None:
    today.hold(frontend, reason="The database is moving.")
    promotion = waiting(today, frontend)

    page = override_page(today, promotion)

    assert "Nothing is in its way now that could be overridden." in page.text
    assert "What can't be overridden" in page.text
    assert "The database is moving. Web can lift the hold, saying what was done." in page.text
    assert page.forms == []
    assert "/override/" not in Browser(today.manager()).open(promotion.get_absolute_url()).source


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "Because"}, "Say why it may be overridden, in at least 10 characters"),
        ({"reason": WHY, "blocker": "window"}, "what was chosen is not in its way any more"),
        ({"reason": WHY, "date": "2001-01-01"}, "The override must end in the future, at most 7 days ahead"),
        ({"reason": WHY, "date": "2190-01-01"}, "The override must end in the future, at most 7 days ahead"),
        ({"reason": WHY, "date": ""}, "Enter the day on which the override ends"),
        ({"reason": WHY, "time": "noon"}, "Enter a time of the day"),
        ({"reason": "r" * 5001}, "The reason must be at most 5000 characters long"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    today: Scene, frontend: Application, fields: dict[str, str], said: str
) -> None:
    frozen(today)
    page = override_page(today, waiting(today, frontend)).send(OVERRIDE, **fields)

    assert page.text.startswith("Error:")
    assert said in page.text
    for name in {"reason", "date", "time"} & fields.keys():
        assert page.fields[name] == [fields[name]]
    assert not PromotionOverride.objects.exists()


@pytest.mark.parametrize(("role", "teams"), [(Role.VIEWER, ()), (Role.DEVELOPER, ("web",))])
def test_nobody_else_can(today: Scene, frontend: Application, role: Role, teams: tuple[str, ...]) -> None:
    frozen(today)
    promotion = waiting(today, frontend)
    page = override_page(today, promotion)
    person = today.person("kim", role=role, teams=teams)
    assert person.user is not None
    page.client.force_login(person.user)

    refused = [page.client.get(page.path), page.client.post(page.path, {"reason": WHY})]

    assert [one.status_code for one in refused] == [403, 403]
    assert "Only a release manager, as a person" in refused[0].content.decode()
    assert not PromotionOverride.objects.exists()


def test_one_that_waits_no_more_has_nothing_to_override(today: Scene, frontend: Application) -> None:
    release = today.register(frontend, "v1")
    today.run()

    page = override_page(today, today.promotion(release, "integration"))

    assert "It does not wait any more: it is succeeded." in page.text
    assert page.forms == []


def test_one_that_started_meanwhile_is_not_overridden(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)
    promotion = waiting(today, frontend)
    page = override_page(today, promotion)
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=WHY, expires_at=today.now + timedelta(hours=1))
    override_promotion(promotion=promotion, new=new, rights=today.manager("kay"), now=today.now)

    page = page.send(OVERRIDE, reason=WHY)

    assert "It does not wait any more: it is deploying." in page.text
    assert PromotionOverride.objects.get().given_by == "Kay Doe"


def test_what_is_not_there_is_told_in_the_same_look(today: Scene) -> None:
    page = Browser(today.manager()).open("/promotions/999/override/")

    assert page.status == 404
    assert "There is nothing at this address" in page.text


def test_an_override_that_has_run_out_stays_in_sight(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)
    promotion = waiting(today, frontend)
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=WHY, expires_at=today.now + timedelta(hours=1))
    override_promotion(promotion=promotion, new=new, rights=today.manager(), now=today.now)
    PromotionOverride.objects.update(expires_at=today.now)

    assert f"Sam Doe let it pass the freeze {WHY}" in page_of(today, promotion).text


def test_a_freeze_in_force_is_shown_with_what_waits(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)

    page = page_of(today, waiting(today, frontend))

    assert "Frozen now Everything" in page.text
    assert f'href="{freeze.get_absolute_url()}"' in page.source
    assert "lets this one through" not in page.text


def test_a_freeze_that_begins_within_a_day_is_shown_with_what_waits(today: Scene) -> None:
    manual = today.application(environments=1, policy="manual")
    frozen(today, start=today.now + timedelta(hours=5))
    frozen(today, start=today.now + timedelta(hours=30), reason="The election.")

    page = page_of(today, waiting(today, manual))

    assert page.text.count("Everything is to be frozen from") == 1
    assert "what has not started by then waits until that ends." in page.text


def test_a_freeze_that_lets_a_rollback_through_says_so(today: Scene, frontend: Application) -> None:
    for version in ("v1", "v2"):
        today.register(frontend, version)
        today.run()
    promotion = roll_back(target=frontend.targets.get(), by=ALEX, reason="Slow.", now=today.now)
    frozen(today)

    assert "The freeze of Everything lets this one through." in page_of(today, promotion).text


def test_what_runs_when_a_freeze_begins_is_said_to_finish_here(today: Scene, frontend: Application) -> None:
    today.backend.stuck = True
    release = today.register(frontend, "v1")
    today.run(1)
    frozen(today)

    page = page_of(today, today.promotion(release, "integration"))

    assert "this one runs already: it finishes here, and goes no further while the freeze lasts." in page.text


def test_what_has_ended_is_not_warned_of_freezes(today: Scene, frontend: Application) -> None:
    release = today.register(frontend, "v1")
    today.run()
    frozen(today)

    page = page_of(today, today.promotion(release, "integration"))

    assert "Frozen now" not in page.text
    assert "frozen" not in page.text.split("History")[0]


def test_the_slot_that_it_waits_for_is_shown(today: Scene) -> None:
    manual = today.application(environments=1, policy="manual", slot_policy="required")
    release = today.register(manual, "v1")
    slot = booked(today, manual, release=release)
    other = booked(today, manual, release=today.register(manual, "v0"), at=slot.ends_at)

    page = page_of(today, promote(release=release, target=manual.targets.get(), by=ALEX, now=today.now))

    assert f'href="{slot.get_absolute_url()}"' in page.source
    assert "Booked by Alex Doe" in page.text
    assert f'href="{other.get_absolute_url()}"' not in page.source


def test_the_slot_in_which_it_ran_is_shown(today: Scene) -> None:
    manual = today.application(environments=1, policy="manual")
    release = today.register(manual, "v1")
    slot = booked(today, manual, release=release, at=today.now + timedelta(minutes=10))
    today.run(15 * 60)

    page = page_of(today, today.promotion(release, "integration"))

    assert "Succeeded" in page.text
    assert f'href="{slot.get_absolute_url()}"' in page.source


def test_one_without_a_slot_shows_none(today: Scene, frontend: Application) -> None:
    booked(today, frontend)
    release = today.register(frontend, "v1")
    today.run()

    assert "Booked by" not in page_of(today, today.promotion(release, "integration")).text
