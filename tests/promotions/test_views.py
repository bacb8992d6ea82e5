"""The page of a promotion: what it is doing or how it went, why it waits, its steps, log and measurements."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from deployer.access.models import User
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.hold import lift_holds
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.models import LogChunk, Measurement, Promotion
from deployer.promotions.reading import MEASUREMENTS_SHOWN
from deployer.releases.models import Change
from tests.scene import ALEX, AS_ALEX, Scene
from tests.web.pages import text_of


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    """Someone who is signed in."""
    client.force_login(User.objects.create_user("jo"))
    return client


def succeeded(scene: Scene) -> Promotion:
    release = scene.register(scene.application(environments=1), "v1")
    scene.run()
    return scene.promotion(release, "integration")


def failed(scene: Scene) -> Promotion:
    application = scene.application(environments=2)
    scene.backend.broken.add(("frontend", "v1", "integration"))
    release = scene.register(application, "v1")
    scene.run()
    return scene.promotion(release, "integration")


def words(reader: Client, promotion: Promotion) -> str:
    return text_of(reader.get(promotion.get_absolute_url()))


def test_it_tells_what_was_promoted_where_how_it_went_and_when(reader: Client, scene: Scene) -> None:
    page = words(reader, succeeded(scene))

    assert "frontend v1 to integration Succeeded" in page
    assert "v1 is live and verified in integration." in page
    assert "Requested 3 Mar, 12:00:00 by Deployer" in page
    assert "Finished 3 Mar, 12:00:0" in page
    assert "Live since 3 Mar, 12:00:0" in page
    assert "Unverified" not in page


def test_it_shows_each_step_with_its_log_and_what_it_measured(reader: Client, scene: Scene) -> None:
    promotion = succeeded(scene)

    page = words(reader, promotion)

    assert "Deploy Deploy Passed 3 Mar, 12:00:00" in page
    assert "Smoke test Check Passed" in page
    assert "pulling starting ready" in page
    assert "Measured Outcome Took What it says" in page
    assertContains(reader.get(promotion.get_absolute_url()), "Evidence")


def test_of_many_measurements_the_newest_are_shown_and_the_others_counted(reader: Client, scene: Scene) -> None:
    promotion = succeeded(scene)
    check = promotion.steps.get(position=1)
    for number in range(MEASUREMENTS_SHOWN + 5):
        Measurement.objects.create(step=check, outcome="passed", sentence=f"Reading {number}.")

    page = words(reader, promotion)

    assert "Reading 24." in page
    assert "Reading 4." not in page
    assert "And 6 earlier." in page


def test_it_says_why_it_waits_who_can_change_that_and_when_it_is_looked_at_again(reader: Client, scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    scene.run(1)

    page = words(reader, scene.promotion(release, "integration"))

    assert "frontend v1 to integration Waiting" in page
    assert "Promotions of frontend to integration are started by a person. No set time Web can promote it" in page
    assert "Deployer looks again by 3 Mar, 12:01:00, and at once when something changes." in page
    assert "Its steps are set when it is let in." in page


def test_the_hold_in_its_way_is_shown_with_how_to_lift_it(reader: Client, scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hold(application, reason="The database is moving.")
    release = scene.register(application, "v1")
    scene.run(1)

    page = words(reader, scene.promotion(release, "integration"))

    assert "frontend in every environment is on hold The database is moving. Placed by Alex Doe" in page
    assert "What went wrong and the ways out for developers of Web and release managers" in page


def test_one_that_failed_shows_the_reason_the_hold_and_the_ways_out(reader: Client, scene: Scene) -> None:
    promotion = failed(scene)

    page = words(reader, promotion)

    assert "frontend v1 to integration Failed" in page
    assert f"Refresh {promotion.outcome} Developers of Web and release managers can" in page
    assert page.index("frontend in integration is on hold") < page.index("Requested")
    assert "What went wrong and the ways out for developers of Web and release managers" in page
    assert "Live since" in page
    assert "Unverified" in page


def test_a_later_promotion_links_to_the_one_that_stopped_the_line(reader: Client, scene: Scene) -> None:
    first = failed(scene)
    later = scene.register(first.application, "v2")
    scene.run(1)

    page = reader.get(scene.promotion(later, "integration").get_absolute_url())

    assertContains(page, f'<a href="{first.get_absolute_url()}" class="app-link">See what stopped it</a>', html=True)


def test_a_lifted_hold_tells_who_lifted_it_and_what_was_done(reader: Client, scene: Scene) -> None:
    promotion = failed(scene)
    lift_holds(
        application=promotion.application,
        environment=promotion.environment,
        rights=AS_ALEX,
        resolution="The pod had no memory.",
        now=scene.now,
    )

    page = words(reader, promotion)

    assert "frontend in integration was on hold" in page
    assert "Alex Doe lifted it" in page
    assert ": The pod had no memory." in page
    assert "the ways out" not in page


def test_a_superseded_one_links_to_what_goes_instead(reader: Client, scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    older = scene.register(application, "v1")
    newer = scene.register(application, "v2")
    scene.run(1)

    promotion = scene.promotion(older, "integration")
    page = reader.get(promotion.get_absolute_url())

    assert "Superseded" in text_of(page)
    assert "v2 goes instead." in text_of(page)
    assertContains(page, scene.promotion(newer, "integration").get_absolute_url())


def test_an_aborted_one_tells_who_and_why(reader: Client, scene: Scene) -> None:
    release = scene.register(scene.application(environments=1, policy="manual"), "v1")
    scene.run(1)
    promotion = scene.promotion(release, "integration")
    abort(promotion=promotion, by=ALEX, reason="Not today.", now=scene.now)

    page = words(reader, promotion)

    assert "Aborted by Alex Doe: Not today." in page
    assert "It ended before it was let in, so it has no steps." in page


def test_a_running_one_that_is_to_stop_says_so(reader: Client, scene: Scene) -> None:
    scene.backend.stuck = True
    release = scene.register(scene.application(environments=1), "v1")
    scene.run(1)
    promotion = scene.promotion(release, "integration")
    abort(promotion=promotion, by=ALEX, reason="Not today.", now=scene.now)

    page = words(reader, promotion)

    assert "frontend v1 to integration Deploying" in page
    assert "Alex Doe asked for it to be aborted; it stops as soon as it can." in page
    assert "so far" in page


def test_one_that_a_person_asked_for_tells_who_and_why(reader: Client, scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    promotion = promote(
        release=release, target=application.targets.get(), by=ALEX, reason="Before the budget.", now=scene.now
    )

    assert "by Alex Doe Before the budget." in words(reader, promotion)


def test_a_rollback_is_called_one(reader: Client, scene: Scene) -> None:
    application = scene.application(environments=1)
    for version in ("v1", "v2"):
        scene.register(application, version)
        scene.run()
    promotion = roll_back(target=application.targets.get(), by=ALEX, reason="Slow.", now=scene.now)

    assert f"Rollback {promotion.pk} frontend v1 to integration" in words(reader, promotion)


def test_it_lists_what_the_release_brings_and_what_happened(reader: Client, scene: Scene) -> None:
    promotion = succeeded(scene)
    Change.objects.create(
        release=promotion.release, position=1, title="Mend titles", author_name="Tom Hale", url="https://g.example/1"
    )

    page = reader.get(promotion.get_absolute_url())

    assert "Mend titles Tom Hale" in text_of(page)
    assertContains(page, '<a href="https://g.example/1" class="app-link">Mend titles</a>', html=True)
    assert "Promotion of frontend v1 to integration was asked for." in text_of(page)
    assert "frontend v1 to integration succeeded. Deployer" in text_of(page)


def test_nothing_from_outside_becomes_part_of_the_page(reader: Client, scene: Scene) -> None:
    bad = "<script>alert(1)</script>"
    promotion = succeeded(scene)
    deploy, check = promotion.steps.all()
    LogChunk.objects.create(step=deploy, text=f"</code></pre>{bad}\n")
    Measurement.objects.create(step=check, outcome="failed", sentence=bad, evidence={"body": f"</pre>{bad}"})
    Change.objects.create(release=promotion.release, position=1, title=bad, author_name=bad, url="javascript:alert(1)")
    deploy.sentence = bad
    deploy.save()

    page = reader.get(promotion.get_absolute_url())

    assertNotContains(page, "<script>")
    assertNotContains(page, "javascript:")
    assertContains(page, "&lt;script&gt;alert(1)&lt;/script&gt;", count=7)


def test_colours_of_the_log_are_classes_and_other_codes_are_left_out(reader: Client, scene: Scene) -> None:
    promotion = succeeded(scene)
    LogChunk.objects.create(step=promotion.steps.all()[0], text="\x1b[2J\x1b[1;32mdone\x1b[0m\n")

    line = '<code class="app-log__text"><span class="app-ansi-bold app-ansi-fg-2">done</span></code>'
    assertContains(reader.get(promotion.get_absolute_url()), line)


def test_of_a_long_log_the_end_is_shown_and_the_whole_is_text(reader: Client, scene: Scene) -> None:
    promotion = succeeded(scene)
    step = promotion.steps.all()[0]
    LogChunk.objects.create(step=step, text="".join(f"line {number} <b>\n" for number in range(300)))

    page = reader.get(promotion.get_absolute_url())
    log = reader.get(f"/promotions/{promotion.pk}/steps/0/log.txt")

    assertContains(page, "Log, the end of it")
    assertContains(page, f"/promotions/{promotion.pk}/steps/0/log.txt")
    assertNotContains(page, "line 99 &lt;b&gt;")
    assertContains(page, "line 100 &lt;b&gt;")
    assertContains(page, 'id="log-0-L104"')
    text = b"".join(log.streaming_content).decode()  # type: ignore[attr-defined]
    assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert log.headers["X-Content-Type-Options"] == "nosniff"
    assert text.startswith("pulling\nstarting\nready\nline 0 <b>\nline 1 <b>\n")
    assert text.endswith("line 299 <b>\n")


@pytest.mark.parametrize("address", ["/promotions/{pk}/", "/promotions/{pk}/steps/0/log.txt"])
def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, scene: Scene, address: str) -> None:
    address = address.format(pk=succeeded(scene).pk)

    assertRedirects(client.get(address), f"/sign-in/?next={address}")


@pytest.mark.parametrize("address", ["/promotions/1/", "/promotions/1/steps/0/log.txt"])
def test_what_does_not_exist_is_told_in_the_same_look(reader: Client, address: str) -> None:
    assertContains(reader.get(address), "There is nothing at this address", status_code=404)


def test_nothing_is_changed_by_looking(reader: Client, scene: Scene) -> None:
    assert reader.post(succeeded(scene).get_absolute_url()).status_code == 405
