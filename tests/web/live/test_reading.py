"""What has changed since a position, from the database: late rows, too many, and positions of another time."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployer.audit.actions import record, touch
from deployer.audit.actor import ENGINE
from deployer.audit.jobs import KEPT, prune_touches
from deployer.audit.models import Event, Touch
from deployer.web.live import reading
from deployer.web.live.position import Mark, Position
from deployer.web.live.reading import caught_up, changes_since, position_now
from tests.scene import Scene


def say(application: str) -> int:
    with transaction.atomic():
        return record("test.said", "Something happened.", by=ENGINE, application=application).pk


@pytest.mark.django_db
def test_each_change_is_told_once() -> None:
    start = position_now()
    say("frontend")
    touch(promotion_id=7)

    first = changes_since(start)
    second = changes_since(first.position)

    assert first.topics == {"application:frontend", "promotion:7"}
    assert second.topics == set()
    assert second.position == first.position == position_now()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_is_told_all_the_same() -> None:
    """PostgreSQL shows an event of a longer transaction after those that came later."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer.")
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            record("test.said", "Slowly.", by=ENGINE, application="slow")
            written.set()
            go_on.wait(10)
        connection.close()

    say("before")
    start = position_now()
    thread = threading.Thread(target=slowly)
    thread.start()
    assert written.wait(10)
    say("quick")
    of_a_page = position_now()
    early = changes_since(start)
    go_on.set()
    thread.join()

    assert early.topics == {"application:quick"}
    assert changes_since(early.position).topics == {"application:slow"}
    assert caught_up(of_a_page).topics == {"application:slow"}
    assert changes_since(changes_since(early.position).position).topics == set()


@pytest.mark.django_db
def test_an_id_that_appears_below_the_last_is_told() -> None:
    """The same on both databases, with ids given by hand."""
    Event.objects.create(pk=1000, kind="test", sentence="Late.", application="first")
    Event.objects.create(pk=1002, kind="test", sentence="Late.", application="third")
    start = position_now()

    Event.objects.create(pk=1001, kind="test", sentence="Late.", application="second")

    assert 1001 in start.events.gaps
    assert changes_since(start).topics == {"application:second"}


@pytest.mark.django_db
@pytest.mark.parametrize("make", [say, lambda name: touch(application=name)])
def test_who_missed_too_much_is_told_to_fetch_everything(
    make: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 3)
    start = position_now()
    for number in range(4):
        make(f"app-{number}")

    changes = changes_since(start)

    assert changes.reset
    assert not changes.topics
    assert changes.position == position_now()


@pytest.mark.django_db
def test_who_was_away_until_touches_were_removed_fetches_everything() -> None:
    touch(application="long-ago")
    start = position_now()
    touch(application="an-hour-ago")
    touch(application="newest")
    Touch.objects.update(at=timezone.now() - 2 * KEPT)

    assert not caught_up(start).reset
    prune_touches(0)

    assert list(Touch.objects.values_list("application", flat=True)) == ["newest"]
    assert caught_up(start).reset
    assert not caught_up(position_now()).reset


@pytest.mark.django_db
def test_a_position_of_another_database_fetches_everything() -> None:
    say("frontend")
    now = position_now()

    assert caught_up(Position(Mark(now.events.last + 5), now.touches)).reset
    assert caught_up(Position(now.events, Mark(now.touches.last + 5))).reset


@pytest.mark.django_db
def test_a_look_costs_two_queries_and_a_position_one() -> None:
    say("frontend")
    with CaptureQueriesContext(connection) as asked:
        position = position_now()
    with CaptureQueriesContext(connection) as looked:
        changes_since(position)

    assert (len(asked), len(looked)) == (1, 2)


def test_whatever_a_page_shows_of_a_promotion_is_told(scene: Scene) -> None:
    """Steps that begin, what they print and measure: changes without an event."""
    release = scene.register(scene.application(), "v1")
    promotion = release.promotions.get()
    told = 0
    position = position_now()
    for _ in range(6):
        before = shown(promotion.pk)
        scene.run(seconds=2)
        changes = changes_since(position)
        position = changes.position
        if shown(promotion.pk) != before:
            told += 1
            assert f"promotion:{promotion.pk}" in changes.topics
    assert told


def shown(pk: int) -> list[object]:
    steps = Event._meta.apps.get_model("promotions", "Step").objects.filter(promotion_id=pk).order_by("pk")
    return [*steps.values_list("state", "sentence", "log__id", "measurements__id")]
