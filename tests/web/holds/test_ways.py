"""The ways out, as people take them: by one click on the hold's page, or from the address that a message links to."""

from typing import Any

import pytest
from django.utils import timezone

from apps_registry.models import Application
from apps_registry.rights import Rights
from deployer.promotions.actions.hold import NewHold, lift_hold, place_hold
from deployer.promotions.actions.ways_out import fix_forward
from deployer.promotions.models import Hold, Promotion, Veto
from tests.scene import AS_ALEX, Scene
from tests.web.holds.desk import developer, manager, mended, press, stopped, stranger, viewer

SLUGS = ["retry-step", "retry", "fix-forward", "veto", "roll-back", "lift"]


def lifted(hold: Hold) -> Hold:
    hold.refresh_from_db()
    return hold


def test_the_step_is_retried_by_one_click(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    mended(today)

    page = press(developer(today).open(hold.get_absolute_url()), "Retry the step", reason="The disk was full.")

    again = Promotion.objects.latest("pk")
    assert page.path == again.get_absolute_url()
    assert "Asked for: it is tried again." in page.text
    assert (again.retry_of, again.requested_by) == (hold.promotion, "Alex Doe")
    assert again.retry_from is not None
    assert lifted(hold).way_out == "retry_step"
    assert "The disk was full." in hold.resolution
    today.now = timezone.now()
    today.run(60)
    assert today.states(again.release)["integration"] == "succeeded"


def test_the_promotion_is_retried_by_one_click(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    mended(today)

    page = press(manager(today).open(hold.get_absolute_url()), "Retry the promotion", reason="The disk was full.")

    again = Promotion.objects.latest("pk")
    assert page.path == again.get_absolute_url()
    assert (again.retry_of, again.retry_from, again.requested_by) == (hold.promotion, None, "Sam Doe")
    assert (lifted(hold).way_out, hold.lifted_by) == ("retry", "Sam Doe")


def test_it_is_rolled_back_to_the_last_that_was_verified_by_one_click(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = press(developer(today).open(hold.get_absolute_url()), "Roll back", reason="Customers see it.")

    rollback = Promotion.objects.get(kind="rollback")
    assert page.path == rollback.get_absolute_url()
    assert "Asked for: frontend in integration goes back to v1, and is on hold." in page.text
    assert (rollback.release.version, rollback.requested_by) == ("v1", "Alex Doe")
    assert lifted(hold).way_out == "roll_back"
    assert Hold.objects.open().get().kind == "rollback"


def test_another_release_can_be_rolled_back_to(today: Scene, frontend: Application) -> None:
    for version in ("v1", "v2"):
        today.register(frontend, version)
        today.run(120)
    hold = stopped(today, frontend, version="v3", live="")
    page = developer(today).open(hold.get_absolute_url())
    assert page.fields["to"] == ["v2"]

    press(page, "Roll back", reason="v2 is bad too.", to="v1")

    assert Promotion.objects.get(kind="rollback").release.version == "v1"


def test_the_release_is_vetoed_and_the_newest_goes_on_by_one_click(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    newest = today.register(frontend, "v3")
    today.run(1)

    page = press(developer(today).open(hold.get_absolute_url()), "Veto the release and go on", reason="It eats data.")

    assert "v2 is vetoed: it is never deployed again. v3 goes on." in page.text
    assert page.path == today.promotion(newest, "integration").get_absolute_url()
    assert Veto.objects.standing().get().release == hold.stopped
    assert lifted(hold).way_out == "veto"


def test_a_veto_without_a_newer_release_leads_back_to_the_hold(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = press(developer(today).open(hold.get_absolute_url()), "Veto the release and go on", reason="It eats data.")

    assert page.path == hold.get_absolute_url()
    assert "v2 is vetoed: it is never deployed again. The next release goes on." in page.text


def test_a_fix_is_let_through_by_one_click_and_lifts_the_hold_by_passing(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = press(developer(today).open(hold.get_absolute_url()), "Fix forward", reason="The fix is in v3.")

    assert page.path == hold.get_absolute_url()
    assert "A release that is newer than v2 passes this hold from now on, and lifts it by succeeding." in page.text
    assert lifted(hold).is_open
    today.now = timezone.now()
    today.register(frontend, "v3")
    today.run(120)
    assert lifted(hold).way_out == "fix_forward"


def test_it_is_lifted_by_one_click(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = press(developer(today).open(hold.get_absolute_url()), "Lift the hold", reason="The pod had no memory.")

    assert page.path == hold.get_absolute_url()
    assert "Lifted: this no longer stops frontend in integration." in page.text
    assert (lifted(hold).way_out, hold.resolution) == ("lift", "The pod had no memory.")


@pytest.mark.parametrize(
    ("way", "button"),
    [
        ("retry-step", "Retry the step"),
        ("retry", "Retry the promotion"),
        ("fix-forward", "Fix forward"),
        ("veto", "Veto the release and go on"),
        ("roll-back", "Roll back"),
        ("lift", "Lift the hold"),
    ],
)
def test_each_has_an_address_of_its_own_that_says_what_happens_and_does_it(
    today: Scene, frontend: Application, way: str, button: str
) -> None:
    hold = stopped(today, frontend)
    before = lifted(hold).lifted_at, Promotion.objects.count(), Veto.objects.count()

    page = developer(today).open(f"/holds/{hold.pk}/{way}/")

    assert page.path == f"/holds/{hold.pk}/{way}/"
    assert hold.reason in page.text
    assert (lifted(hold).lifted_at, Promotion.objects.count(), Veto.objects.count()) == before
    done = page.send(button, reason="We know why.")
    assert done.status == 200
    hold = lifted(hold)
    assert hold.fix_forward_at if way == "fix-forward" else hold.way_out == way.replace("-", "_")


@pytest.mark.parametrize("way", SLUGS)
@pytest.mark.parametrize("reason", ["", "   "])
def test_none_goes_without_a_reason(today: Scene, frontend: Application, way: str, reason: str) -> None:
    hold = stopped(today, frontend)
    promotions = Promotion.objects.count()

    page = developer(today).open(f"/holds/{hold.pk}/{way}/").send(reason=reason)

    assert ("Say what was done about it" if way == "lift" else "Say why") in page.text
    assert 'href="#id_reason"' in page.source
    assert "id_reason" in page.ids
    assert lifted(hold).is_open
    assert hold.fix_forward_at is None
    assert Promotion.objects.count() == promotions
    assert not Veto.objects.exists()


@pytest.mark.parametrize("way", SLUGS)
def test_what_somebody_else_did_meanwhile_is_said_and_nothing_typed_is_lost(
    today: Scene, frontend: Application, way: str
) -> None:
    hold = stopped(today, frontend)
    page = developer(today).open(f"/holds/{hold.pk}/{way}/")
    lift_hold(hold=hold, rights=today.manager("pat"), resolution="It was the network.", now=today.now)
    promotions = Promotion.objects.count()

    refused = page.send(reason="I typed this for a while.")

    assert refused.path == f"/holds/{hold.pk}/{way}/"
    assert "There is a problem" in refused.text
    assert "Pat Doe lifted this hold" in refused.text
    assert refused.fields["reason"] == ["I typed this for a while."]
    assert lifted(hold).resolution == "It was the network."
    assert Promotion.objects.count() == promotions


def test_a_release_that_was_vetoed_meanwhile_is_not_gone_back_to(today: Scene, frontend: Application) -> None:
    today.register(frontend, "v1")
    today.run(120)
    hold = stopped(today, frontend, version="v3", live="v2")
    page = developer(today).open(f"/holds/{hold.pk}/roll-back/")
    bad = frontend.releases.get(version="v2")
    Veto.objects.create(release=bad, reason="It eats data.", placed_by="Pat Doe")

    refused = page.send("Roll back", reason="Customers see it.", to="v2")

    assert "Choose another release: v2 can't be gone back to any more" in refused.text
    assert refused.fields["reason"] == ["Customers see it."]
    assert lifted(hold).is_open
    refused.send("Roll back", to="v1")
    assert Promotion.objects.get(kind="rollback").release.version == "v1"


@pytest.mark.parametrize("who", [stranger, viewer])
@pytest.mark.parametrize("way", SLUGS)
def test_who_may_not_is_refused_with_who_may(today: Scene, frontend: Application, who: Any, way: str) -> None:
    hold = stopped(today, frontend)
    browser = who(today)
    browser.client.handler.enforce_csrf_checks = False

    shown = browser.open(f"/holds/{hold.pk}/{way}/")
    sent = browser.client.post(f"/holds/{hold.pk}/{way}/", {"reason": "Because."})

    assert (shown.status, sent.status_code) == (403, 403)
    assert "Only developers of Web and release managers may get it going again: frontend is not yours." in shown.text
    assert lifted(hold).is_open


def test_one_that_is_not_possible_says_why_and_offers_the_others(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend, version="v1", live="")

    page = developer(today).open(f"/holds/{hold.pk}/roll-back/")

    assert "Not now: No release older than v1 was verified in integration" in page.text
    assert page.forms == []
    assert f'href="{hold.get_absolute_url()}#ways"' in page.source


def test_one_that_became_impossible_meanwhile_is_refused_and_nothing_typed_is_lost(
    today: Scene, frontend: Application
) -> None:
    hold = stopped(today, frontend)
    page = developer(today).open(f"/holds/{hold.pk}/fix-forward/")
    fix_forward(hold=hold, rights=today.manager("pat"), reason="A fix is coming.", now=today.now)

    refused = page.send("Fix forward", reason="Mine is coming too.")

    assert "Pat Doe has asked for it already: newer releases pass this hold." in refused.text
    assert refused.fields["reason"] == ["Mine is coming too."]


def manual(today: Scene, application: Application, rights: Rights = AS_ALEX) -> Hold:
    new = NewHold(reason="The database is moving.", contact="Alex Doe")
    return place_hold(application=application, environment=None, new=new, rights=rights, now=today.now)


def test_a_way_that_a_hold_does_not_have_leads_back_to_those_that_it_has(today: Scene, frontend: Application) -> None:
    hold = manual(today, frontend)

    page = developer(today).open(f"/holds/{hold.pk}/retry/")

    assert page.path == hold.get_absolute_url()
    assert "This hold has no such way out: see those that it has." in page.text


@pytest.mark.parametrize("way", SLUGS)
def test_one_that_was_lifted_leads_back_to_how(today: Scene, frontend: Application, way: str) -> None:
    hold = stopped(today, frontend)
    lift_hold(hold=hold, rights=today.person(), resolution="It was the network.", now=today.now)

    page = developer(today).open(f"/holds/{hold.pk}/{way}/")

    assert page.path == hold.get_absolute_url()
    assert "It was lifted already." in page.text


@pytest.mark.parametrize("way", ["end", "nonsense"])
def test_there_are_no_other_ways(today: Scene, frontend: Application, way: str) -> None:
    hold = stopped(today, frontend)

    assert developer(today).open(f"/holds/{hold.pk}/{way}/").status == 404


def test_lifting_says_first_what_it_stops(today: Scene, frontend: Application) -> None:
    hold = manual(today, frontend)
    today.register(frontend, "v1")
    today.run(1)

    page = developer(today).open(f"/holds/{hold.pk}/lift/")

    assert "frontend v1 to integration" in page.text
