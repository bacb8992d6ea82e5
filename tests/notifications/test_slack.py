"""What a channel in Slack shows, and what becomes of it when Slack says no."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from deployer.audit.actor import Actor, ActorKind
from deployer.integrations.notify.slack import Slack
from deployer.notifications import jobs
from deployer.notifications.lanes import due_lanes
from deployer.notifications.models import Delivery, Lane, Notification, SlackMessage
from deployer.notifications.redelivery import redeliver
from tests.notifications.driving import NOON, application, run, stop, tell, watch
from tests.stand_ins.slack import TOKEN, SlackStandIn, Trouble

ALEX = Actor(ActorKind.USER, "1", "Alex Doe")


@pytest.fixture(autouse=True)
def _watched(db: None) -> None:
    """An application that a channel watches."""
    watch(application(), "slack", "#releases")


def test_a_promotion_has_one_message_that_is_kept_current_with_the_details_in_its_thread(slack: SlackStandIn) -> None:
    tell("started", reason="Somebody asked.")
    now = run(NOON, seconds=10)
    tell("verifying", at=now, evidence=["GET /health answered 200"])
    tell("succeeded", at=now + timedelta(minutes=5))
    run(now, seconds=600)

    (message,) = slack.top("#releases")
    assert "*Succeeded*" in message.words
    assert message.links == {"Open the promotion": "https://deployer.example.org/promotions/1/"}
    thread = [one.words for one in slack.thread(message)]
    assert len(thread) == 3
    assert "Somebody asked." in thread[0]
    assert "```\nGET /health answered 200\n```" in thread[1]
    assert [version.partition("* in staging")[0].rpartition("*")[2] for version in message.versions] == [
        *("Started", "Verifying", "Succeeded")
    ]


def test_what_says_no_more_than_the_message_leaves_the_thread_empty(slack: SlackStandIn) -> None:
    tell("started")
    run(NOON, seconds=10)

    (message,) = slack.messages
    assert "frontend v1 to staging started." in message.words


def test_a_stop_is_loud_and_says_what_was_seen_and_the_ways_out(slack: SlackStandIn) -> None:
    tell("started")
    now = run(NOON, seconds=10)
    stop(at=now)
    run(now, seconds=0)

    kept, loud = slack.top("#releases")
    assert "*Failed*" in kept.words
    assert loud.blocks[0]["text"]["text"] == "Failed: frontend v1 to staging"
    assert "GET /health answered 503\npod &lt;1&gt; &amp; pod &lt;2&gt; did not start" in loud.words
    assert "Live in staging: v0" in loud.words
    assert "#releases watches frontend." in loud.words
    assert "<!here>" in loud.words
    assert loud.links == {
        "Try again": "https://deployer.example.org/holds/1/retry/",
        "Roll back": "https://deployer.example.org/holds/1/roll-back/",
        "Open": "https://deployer.example.org/promotions/1/",
    }
    assert 'manage.py unhold frontend staging --resolution "what was done"' in loud.words


def test_what_happens_within_five_seconds_is_one_message(slack: SlackStandIn) -> None:
    for second, what in enumerate(("started", "deploying", "verifying", "succeeded")):
        tell(what, at=NOON + timedelta(seconds=second), reason="As asked.")
    run(NOON, seconds=10)

    (message,) = slack.top("#releases")
    assert len(message.versions) == len(slack.thread(message)) == 1
    words = slack.thread(message)[0].words
    assert [words.index(f"staging {what}.") for what in ("started", "deploying", "verifying", "succeeded")] == sorted(
        words.index(f"staging {what}.") for what in ("started", "deploying", "verifying", "succeeded")
    )


def test_a_stop_goes_at_once_and_takes_along_what_waits_for_others(slack: SlackStandIn) -> None:
    tell("started", reason="As asked.")
    stop(at=NOON + timedelta(seconds=1))
    run(NOON + timedelta(seconds=1), seconds=0)

    kept, _loud = slack.top("#releases")
    assert slack.thread(kept)[0].words.index("staging started.") < slack.thread(kept)[0].words.index("staging failed.")
    assert not Notification.objects.pending().exists()


def test_a_freeze_that_catches_thirty_promotions_is_one_message(slack: SlackStandIn) -> None:
    for promotion in range(1, 31):
        tell("frozen", promotion, sentence=f"Alex froze everything, which catches v{promotion}.")
    run(NOON, seconds=10)

    (message,) = slack.messages
    assert "*30 things happened*" in message.words
    assert all(f"catches v{promotion}.>" in message.words for promotion in range(1, 31))


def test_a_freeze_keeps_the_messages_current_that_are_there(slack: SlackStandIn) -> None:
    tell("waiting")
    now = run(NOON, seconds=10)
    for promotion in (1, 2):
        tell("frozen", promotion, at=now)
    run(now, seconds=10)

    kept, several = slack.top("#releases")
    assert "frontend v1 to staging frozen." in kept.words
    assert "*2 things happened*" in several.words
    assert SlackMessage.objects.count() == 1


def test_what_is_of_no_promotion_is_a_message_of_its_own(slack: SlackStandIn) -> None:
    tell("hold.placed", None, sentence="Alex stopped frontend.", reason="The database moves.")
    run(NOON, seconds=10)

    (message,) = slack.messages
    assert "Alex stopped frontend." in message.words
    assert "The database moves." in message.words
    assert "#releases watches frontend." in message.words


def test_a_message_that_somebody_deleted_is_posted_anew(slack: SlackStandIn) -> None:
    tell("started")
    now = run(NOON, seconds=10)
    slack.delete(slack.messages[0])
    tell("succeeded", at=now)
    run(now, seconds=10)

    (message,) = slack.top("#releases")
    assert "*Succeeded*" in message.words
    assert slack.thread(message)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("channel_not_found", "correct its name, or invite the app"),
        ("not_in_channel", "is not in #releases: invite it there"),
        ("is_archived", "is archived: name another"),
    ],
)
def test_a_channel_that_can_not_be_told_is_given_up_with_what_to_do(
    slack: SlackStandIn, error: str, words: str
) -> None:
    slack.errors["#releases"] = error
    tell("started")
    run(NOON, seconds=10)

    told = Notification.objects.get()
    assert (told.state, told.attempts) == ("failed", 1)
    assert words in told.error
    assert words in Lane.objects.get().last_error


def test_a_token_that_slack_does_not_know_keeps_everything_waiting(slack: SlackStandIn) -> None:
    slack.token = "another"
    tell("started")
    now = run(NOON, seconds=30)

    assert Notification.objects.get().state == "pending"
    assert "does not know DEPLOYER_SLACK_TOKEN" in Lane.objects.get().last_error

    slack.token = TOKEN
    run(now, seconds=60)
    assert Notification.objects.get().state == "sent"


def test_a_pause_that_slack_asks_for_in_the_middle_repeats_nothing(slack: SlackStandIn) -> None:
    limited = iter([None, None, Trouble.LIMITED])
    slack.trouble = lambda method: next(limited, None)
    stop()
    run(NOON, seconds=0)

    assert slack.calls["chat.postMessage"] == 2  # the message and its thread, but not the loud one
    assert Lane.objects.get().paused_until == NOON + timedelta(seconds=2)

    run(NOON, seconds=2)
    assert slack.calls["chat.postMessage"] == 3
    assert len(slack.messages) == 3


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.DROPPED, Trouble.BROKEN, Trouble.NO_JSON])
def test_an_answer_that_does_not_come_is_asked_for_again_and_shows_nothing_twice(
    slack: SlackStandIn, trouble: Trouble
) -> None:
    troubles = iter([trouble, None, trouble, None, trouble])
    slack.trouble = lambda method: next(troubles, None)
    stop()
    run(NOON, seconds=120)

    assert Notification.objects.get().state == "sent"
    assert len(slack.messages) == 3
    assert slack.calls["chat.postMessage"] == (6 if trouble is Trouble.LOST else 3)


def test_nothing_from_outside_mentions_anybody_or_ends_a_code_block(slack: SlackStandIn) -> None:
    evil = "<!channel> <@U1> ``` <https://evil.example.org|click> & <!here>"
    stop(title=evil, evidence=[evil], state=evil, live=evil)
    tell("hold.placed", None, sentence=evil, reason=evil)
    run(NOON, seconds=10)

    for message in slack.messages:
        markup = message.markup.replace("<!here>", "", 2).replace("<!date", "")
        assert "<!" not in markup
        assert "<@" not in markup
        assert "<https://evil" not in markup
        assert markup.count("```") % 2 == 0


def test_the_longest_of_everything_is_taken(slack: SlackStandIn) -> None:
    line = "&" * 5000
    ways = [f"{line}: https://deployer.example.org/holds/{number}/" for number in range(60)]
    for promotion in range(60):
        tell("frozen", promotion + 1, title=line, sentence=line)
    stop(99, title=line, state=line, sentence=line, evidence=[line] * 100, live=line, ways_out=ways, reason=line)
    run(NOON, seconds=10)

    assert not Notification.objects.exclude(state="sent").exists()


def test_the_token_is_in_no_delivery_and_in_no_log(slack: SlackStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    troubles = iter([Trouble.DROPPED])
    slack.trouble = lambda method: next(troubles, None)
    stop()
    run(NOON, seconds=60)

    kept = json.dumps(list(Delivery.objects.values("request_url", "request_headers", "request_body", "response_body")))
    assert Delivery.objects.filter(error__contains="connection").exists()
    assert Delivery.objects.filter(response_status=200).count() == 3
    assert TOKEN not in kept
    assert TOKEN not in caplog.text


def test_sent_again_it_is_shown_again(slack: SlackStandIn) -> None:
    stop()
    run(NOON, seconds=0)
    redeliver(Notification.objects.get(), by=ALEX, now=NOON)
    run(NOON, seconds=0)

    assert len(slack.top("#releases")) == 3  # one that is kept, and the loud one twice


def test_what_is_sent_again_does_not_take_the_message_back_to_how_things_were(slack: SlackStandIn) -> None:
    tell("started")
    now = run(NOON, seconds=10)
    tell("succeeded", at=now)
    now = run(now, seconds=10)
    redeliver(Notification.objects.earliest("id"), by=ALEX, now=now)
    run(now, seconds=10)

    (message,) = slack.top("#releases")
    assert "*Succeeded*" in message.words
    assert "succeeded." in message.words


def test_slack_looks_for_no_mentions_in_what_others_wrote(slack: SlackStandIn) -> None:
    tell("started", title="Fix @channel and #general", reason="For @everyone.")
    stop(at=run(NOON, seconds=10))
    run(NOON, seconds=20)

    bodies = [json.loads(body) for body in Delivery.objects.values_list("request_body", flat=True)]
    texts = [found for body in bodies for found in _mrkdwn_in(body["blocks"])]
    assert any("@channel" in str(found["text"]) for found in texts)
    assert all(found["verbatim"] is True for found in texts)


def _mrkdwn_in(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        for one in value:
            yield from _mrkdwn_in(one)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value
        yield from _mrkdwn_in(list(value.values()))


def test_without_a_token_what_waits_is_kept_and_said_so(slack: SlackStandIn, settings: Settings) -> None:
    tell("started")
    settings.SLACK_TOKEN = ""
    run(NOON, seconds=10)

    assert Notification.objects.get().state == "pending"
    assert "DEPLOYER_SLACK_TOKEN is not set" in Lane.objects.get().last_error


def test_without_a_token_a_channel_is_only_told_in_the_log() -> None:
    tell("started")

    told = Notification.objects.get()
    assert told.channel == "log"
    assert "only in the log" in told.telling()


def test_the_client_sends_no_key_twice_for_two_messages(slack: SlackStandIn) -> None:
    stop(1)
    stop(2)
    for lane_id in due_lanes(NOON):
        jobs.deliver(lane_id, now=NOON)

    assert len({one.key for one in slack.messages}) == len(slack.messages) == 6
    assert Slack(lambda exchange: None)
