"""One receiver's lane: its order, its pauses, and when it gives up."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Team
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from deployer.integrations.errors import AdapterError, Busy, Refused, Unavailable
from deployer.integrations.notify.base import Message, Note
from deployer.notifications import jobs, lanes
from deployer.notifications.lanes import LaneLostError, due_lanes
from deployer.notifications.models import Channel, Delivery, Lane, Notification, SlackMessage
from deployer.notifications.prune import prune
from deployer.notifications.redelivery import redeliver
from tests.notifications.driving import NOON, application, run, stop, tell, watch

ALEX = Actor(ActorKind.USER, "1", "Alex Doe")
DAY = timedelta(days=1)


class Receiver:
    """Takes messages, or fails as it is told to: `fails` says what is raised for a message."""

    def __init__(self) -> None:
        self.took: list[str] = []
        self.asked = 0
        self.fails: AdapterError | None = None
        self.poison = ""

    def send(self, message: Message, note: Note) -> str:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        if self.poison and self.poison in message.body:
            raise Unavailable("It broke on this one.")
        self.took.append(message.body)
        return message.key


@pytest.fixture
def receiver(db: None, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """A mailbox that watches an application; its adapter is played, as adapters have tests of their own."""
    watch(application(), "email", "sam@example.org")
    playing = Receiver()
    monkeypatch.setattr(jobs, "NOTIFIERS", dict(jobs.NOTIFIERS) | {Channel.EMAIL: playing})
    return playing


def states() -> list[str]:
    return list(Notification.objects.order_by("id").values_list("state", flat=True))


def test_what_is_not_urgent_waits_five_seconds_for_what_follows(receiver: Receiver) -> None:
    tell("started")
    tell("deploying", at=NOON + timedelta(seconds=4.9))

    run(NOON, seconds=4.9)
    assert receiver.took == []

    run(NOON + timedelta(seconds=4.9), seconds=0.1)
    assert len(receiver.took) == 1
    assert receiver.took[0].index("staging started.") < receiver.took[0].index("staging deploying.")
    assert not Notification.objects.pending().exists()


def test_what_happens_later_is_another_message(receiver: Receiver) -> None:
    tell("started")
    tell("deploying", at=NOON + timedelta(seconds=5.1))

    run(NOON, seconds=11)

    assert len(receiver.took) == 2


def test_two_promotions_are_two_messages(receiver: Receiver) -> None:
    tell("started", 1)
    tell("started", 2)

    run(NOON, seconds=10)

    assert len(receiver.took) == 2


def test_a_stop_takes_along_only_what_waits_of_its_promotion(receiver: Receiver) -> None:
    tell("started", 1)
    tell("started", 2)
    stop(2, at=NOON + timedelta(seconds=1))

    run(NOON + timedelta(seconds=1), seconds=0)

    (message,) = receiver.took
    assert message.index("frontend v2 to staging started.") < message.index("frontend v2 to staging failed.")
    assert "v1" not in message


def test_a_stop_in_quiet_hours_goes_out_after_what_they_kept_back_of_its_promotion(receiver: Receiver) -> None:
    Team.objects.update(email="web@example.org", quiet_from=time(11), quiet_until=time(14))
    tell("superseded", 1)
    tell("frozen", 1)
    tell("frozen", 2)
    run(NOON, seconds=60)
    assert [message for message in receiver.took if "Web owns" in message] == []

    stop(1, at=NOON + timedelta(seconds=60))
    now = run(NOON + timedelta(seconds=60), seconds=0)
    early = [message for message in receiver.took if "Web owns" in message]
    run(now, seconds=3 * 3600)
    late = [message for message in receiver.took if "Web owns" in message][1:]

    (message,) = early
    assert message.index("frontend v1 to staging frozen.") < message.index("frontend v1 to staging failed.")
    assert "v2" not in message
    assert len(late) == 1
    assert "frontend v2 to staging frozen." in late[0]


def test_nothing_overtakes_what_could_not_be_sent(receiver: Receiver) -> None:
    receiver.fails = Unavailable("Nobody there.")
    tell("started")
    now = run(NOON, seconds=10)
    stop(at=now)
    run(now, seconds=1)
    assert receiver.took == []

    receiver.fails = None
    run(now, seconds=60)
    assert ["started" in message for message in receiver.took] == [True, False]
    assert "failed" in receiver.took[1]


def test_pauses_double_up_to_ten_minutes_and_end_with_success(receiver: Receiver) -> None:
    receiver.fails = Unavailable("Nobody there.")
    tell("started")
    pauses, now = [], NOON + timedelta(seconds=5)
    for _ in range(9):
        jobs.deliver(Lane.objects.get().pk, now=now)
        paused_until = Lane.objects.get().paused_until
        assert paused_until is not None
        pauses.append((paused_until - now).total_seconds())
        now = paused_until

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    receiver.fails = None
    run(now, seconds=0)
    lane = Lane.objects.get()
    assert (lane.failures, lane.failing_since, lane.paused_until, lane.last_error) == (0, None, None, "")
    assert states() == ["sent"]


@pytest.mark.parametrize(("asked_for", "pause"), [(30, 30), (86400, 3600)])
def test_it_is_left_alone_for_as_long_as_it_asks_within_reason(
    receiver: Receiver, asked_for: float, pause: float
) -> None:
    receiver.fails = Busy("Not now.", seconds=asked_for)
    tell("started")
    now = NOON + timedelta(seconds=5)

    jobs.deliver(Lane.objects.get().pk, now=now)

    assert Lane.objects.get().paused_until == now + timedelta(seconds=pause)
    assert not due_lanes(now + timedelta(seconds=pause - 1))
    assert due_lanes(now + timedelta(seconds=pause))


def test_one_that_asks_for_a_second_for_ever_is_not_asked_each_second_for_a_day(receiver: Receiver) -> None:
    receiver.fails = Busy("Not now.", seconds=1)
    tell("started")
    run(NOON, seconds=(2 * DAY).total_seconds())

    assert states() == ["failed"]
    assert receiver.asked < 200


def test_a_definite_no_ends_that_message_and_the_next_goes_on(receiver: Receiver) -> None:
    tell("started", 1)
    now = run(NOON, seconds=0)
    receiver.fails = Refused("No such mailbox.")
    run(now, seconds=10)
    receiver.fails = None
    tell("started", 2, at=now + timedelta(seconds=10))
    run(now + timedelta(seconds=10), seconds=10)

    assert states() == ["failed", "sent"]
    assert Notification.objects.earliest("id").error == "No such mailbox."


def test_after_a_day_what_a_dead_receiver_was_told_then_is_given_up(receiver: Receiver) -> None:
    receiver.fails = Unavailable("Nobody there.")
    for promotion in range(1, 21):
        tell("started", promotion)
    run(NOON, seconds=(DAY - timedelta(hours=1)).total_seconds())
    assert set(states()) == {"pending"}

    now = NOON + timedelta(hours=23)
    tell("started", 21, at=now)
    run(now, seconds=2 * 3600)

    assert states() == ["failed"] * 20 + ["pending"]
    assert receiver.asked < 200
    assert Notification.objects.earliest("id").error == "Nobody there."


def test_a_message_that_breaks_its_receiver_is_given_up_after_a_day_and_no_other(receiver: Receiver) -> None:
    receiver.poison = "frontend v1 to staging"
    tell("started", 1)
    now = run(NOON, seconds=3600)
    for promotion in range(2, 6):
        tell("started", promotion, at=now)
    run(now, seconds=DAY.total_seconds())

    assert states() == ["failed", "sent", "sent", "sent", "sent"]


def test_a_day_without_a_clock_gives_nothing_up(receiver: Receiver) -> None:
    receiver.fails = Unavailable("Nobody there.")
    tell("started")

    jobs.deliver(Lane.objects.get().pk, now=NOON + 2 * DAY)

    assert states() == ["pending"]


def test_an_error_of_our_own_pauses_the_lane_and_is_not_lost(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("started")
    with monkeypatch.context() as patched:
        patched.setattr(receiver, "send", lambda message, note: 1 / 0)
        run(NOON, seconds=5)
    assert states() == ["pending"]
    assert "its log says why" in Lane.objects.get().last_error

    run(NOON + timedelta(seconds=5), seconds=60)
    assert states() == ["sent"]


def test_only_one_is_at_a_lane(receiver: Receiver) -> None:
    tell("started")
    now = NOON + timedelta(seconds=5)
    lane = lanes.claim(Lane.objects.get().pk, now)
    assert lane is not None

    jobs.deliver(lane.pk, now=now)

    assert receiver.took == []
    assert due_lanes(now) == {}
    assert due_lanes(now + timedelta(seconds=61)) == {lane.pk: now}


def test_whoever_lost_the_lane_writes_nothing(receiver: Receiver) -> None:
    tell("started")
    now = NOON + timedelta(seconds=5)
    slow = lanes.claim(Lane.objects.get().pk, now)
    assert slow is not None
    run(now + timedelta(seconds=61), seconds=0)
    assert states() == ["sent"]

    with pytest.raises(LaneLostError):
        lanes.went_wrong(slow, list(Notification.objects.all()), "Too late.", now)
    lanes.release(slow)

    assert states() == ["sent"]
    assert Lane.objects.get().failures == 0


def test_what_was_tried_as_one_message_is_tried_again_as_the_same(receiver: Receiver) -> None:
    receiver.fails = Unavailable("Nobody there.")
    tell("started")
    tell("deploying")
    now = run(NOON, seconds=5)
    tell("verifying", at=now)
    receiver.fails = None
    run(now, seconds=60)

    assert len(receiver.took) == 2
    assert "verifying" not in receiver.took[0]
    heads = list(Notification.objects.order_by("id").values_list("delivered_with", flat=True))
    first, _, last = Notification.objects.order_by("id").values_list("pk", flat=True)
    assert heads == [first, first, last]


def test_more_than_go_out_as_one_go_out_as_two(receiver: Receiver) -> None:
    for number in range(130):
        tell("frozen", number + 1)

    run(NOON, seconds=10)

    assert len(receiver.took) == 2
    assert set(states()) == {"sent"}


def test_a_person_has_it_sent_again_at_once_with_what_went_out_with_it(receiver: Receiver) -> None:
    tell("started")
    tell("deploying")
    now = run(NOON, seconds=10)
    receiver.fails = Unavailable("Nobody there.")
    tell("started", 2, at=now)
    now = run(now, seconds=30)
    receiver.fails = None

    redeliver(Notification.objects.latest("id"), by=ALEX, now=now)
    redeliver(Notification.objects.earliest("id"), by=ALEX, now=now)
    run(now, seconds=0)

    assert len(receiver.took) == 3
    assert receiver.took[0] == receiver.took[1]
    assert list(Notification.objects.order_by("id").values_list("redelivered", flat=True)) == [1, 1, 0]
    sentence = Event.objects.filter(kind="notification.redelivered").latest("id").sentence
    assert sentence == "Alex Doe had 'frontend v1 to staging started.' sent to sam@example.org again."


def test_what_was_sent_is_forgotten_after_ninety_days(receiver: Receiver) -> None:
    tell("started")
    now = run(NOON, seconds=10)
    told = Notification.objects.get()
    Delivery.objects.create(notification=told, at=now, what="POST", request_url="https://example.org")
    SlackMessage.objects.create(lane=told.lane, promotion_id=1, channel_id="C1", ts="1", digest="")
    receiver.fails = Unavailable("Nobody there.")
    tell("started", 2, at=now)
    run(now, seconds=10)

    assert prune(NOON + 90 * DAY) == 0
    assert prune(NOON + 91 * DAY) == 1

    assert states() == ["pending"]
    assert not Delivery.objects.exists()
    assert not SlackMessage.objects.exists()


def test_an_event_asks_for_no_row_that_others_write(receiver: Receiver) -> None:
    """Two transactions that tell the same people must not wait for each other."""
    tell("started")
    with CaptureQueriesContext(connection) as captured:
        tell("deploying")

    statements = [query["sql"] for query in captured if "notifications_" in query["sql"]]
    assert not [one for one in statements if one.startswith(("UPDATE", "DELETE")) or "FOR UPDATE" in one]
    assert sum(one.startswith("INSERT") for one in statements) == 1


def test_due_lanes_are_those_that_waited_longest_first(receiver: Receiver) -> None:
    watch(Team.objects.get().applications.get(), "email", "ann@example.org")
    tell("started")
    tell("started", at=NOON - timedelta(minutes=1))
    Lane.objects.filter(address="sam@example.org").update(paused_until=NOON)
    now: datetime = NOON + timedelta(minutes=1)

    ann, sam = (Lane.objects.get(address=f"{name}@example.org").pk for name in ("ann", "sam"))
    assert list(due_lanes(now).items()) == [(ann, NOON - timedelta(seconds=55)), (sam, NOON)]
