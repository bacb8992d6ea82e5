"""Booking a slot, being refused with the next one that is free, and freezing."""

from datetime import timedelta

from playwright.sync_api import expect

from apps_registry.rights import Rights
from deployer.calendar.models import Freeze, Slot
from tests.browser.hands import told
from tests.browser.journeys.conftest import At
from tests.scene import Scene


def someone(scene: Scene) -> Rights:
    """Of the team, whose clock is UTC."""
    person = scene.person()
    assert person.user is not None
    person.user.time_zone = "UTC"
    person.user.save()
    return person


def test_a_slot_is_booked(scene: Scene, at: At) -> None:
    scene.application()
    tomorrow = scene.now + timedelta(days=1)
    hand = at(someone(scene), "/slots/")

    hand.follow("Book a slot")
    hand.write("Application", "frontend")
    hand.choose("Staging")
    hand.write("Day", tomorrow.date().isoformat())
    hand.write("Starts", "10:00")
    hand.press("Book the slot")

    expect(told(hand.page)).to_contain_text("Booked")
    slot = Slot.objects.get()
    assert (slot.environment.slug, f"{slot.starts_at:%H:%M}") == ("staging", "10:00")
    assert hand.page.url.endswith(slot.get_absolute_url())


def test_a_time_that_is_taken_is_refused_and_the_next_that_is_free_is_one_press_away(scene: Scene, at: At) -> None:
    scene.application()
    tomorrow = scene.now + timedelta(days=1)
    hand = at(someone(scene), "/slots/")

    for _ in range(2):
        hand.page.goto("/slots/new/")
        hand.write("Application", "frontend")
        hand.choose("Integration")
        hand.write("Day", tomorrow.date().isoformat())
        hand.write("Starts", "10:00")
        hand.press("Book the slot")

    expect(hand.page.get_by_role("alert")).to_contain_text("This slot can't be booked")
    hand.press("Book that time")

    expect(told(hand.page)).to_contain_text("Booked")
    first, second = Slot.objects.order_by("id")
    assert second.starts_at >= first.ends_at


def test_everything_of_a_team_is_frozen_after_a_look_at_what_it_catches(scene: Scene, at: At) -> None:
    frontend = scene.application()
    frontend.targets.filter(environment__slug="integration").update(policy="manual")
    scene.register(frontend, "v7")
    scene.run(5)
    hand = at(someone(scene), "/freezes/")

    hand.follow("Declare a freeze")
    hand.choose("Web")
    hand.choose("When somebody lifts it")
    hand.write("Why", "The Budget is on.")
    hand.press("See what it catches")
    expect(hand.page.get_by_role("main")).to_contain_text("frontend v7")
    assert not Freeze.objects.exists()
    hand.press("Declare the freeze")

    freeze = Freeze.objects.get()
    assert freeze.reason == "The Budget is on."
    expect(hand.page.get_by_role("main")).to_contain_text("The Budget is on.")
