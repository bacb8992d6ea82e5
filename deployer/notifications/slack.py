"""Tells in Slack: one message per promotion and channel, kept current, with the details in its thread, and a loud one
of its own for each stop."""

import hashlib
import json
from collections.abc import Sequence

from django.db.models import Q

from deployer.audit.models import Event
from deployer.integrations.notify.slack import Card, GoneError, Posted, Slack
from deployer.notifications import slack_cards
from deployer.notifications.batch import Batch
from deployer.notifications.models import Lane, Notification, NotificationState, SlackMessage

MOST_HISTORY = 20


def send(batch: Batch) -> None:
    """Post and change what the batch asks for. What was answered is remembered by `parts_done`, so that a pause in the
    middle repeats nothing. Raises as Slack's methods do."""
    slack = Slack(batch.note)
    promotions = list(dict.fromkeys(one.promotion_id for one in batch.notifications))
    if len(promotions) == 1 and promotions[0] is not None:
        _tell_of_promotion(slack, batch, promotions[0])
    else:
        _tell_of_several(slack, batch)
        for promotion_id in promotions:
            if promotion_id is not None:
                _keep_current(slack, batch, promotion_id, only_there=True)
    for one in batch.notifications:
        if one.urgent:
            _post(slack, batch, f"loud.{one.pk}", slack_cards.stop(one.event, one.why))


def _tell_of_promotion(slack: Slack, batch: Batch, promotion_id: int) -> None:
    events = _events(batch)
    was_there = SlackMessage.objects.filter(lane=batch.lane, promotion_id=promotion_id).exists()
    message = _keep_current(slack, batch, promotion_id)
    if message is None or not (was_there or _says_more(events)):
        return
    card = slack_cards.details(events)
    try:
        _post(slack, batch, "thread", card, message)
    except GoneError:
        message = _post_anew(slack, batch, message, slack_cards.kept(_history(batch, promotion_id)))
        _post(slack, batch, "thread", card, message)


def _says_more(events: Sequence[Event]) -> bool:
    """Whether there is more to these than the message itself shows."""
    return any(event.reason or event.data.get("evidence") or event.data.get("log") for event in events)


def _tell_of_several(slack: Slack, batch: Batch) -> None:
    quiet = [one for one in batch.notifications if not one.urgent]  # each stop has a message of its own
    if quiet:
        card = slack_cards.several([one.event for one in quiet], [one.why for one in quiet])
        _post(slack, batch, "several", card)


def _keep_current(slack: Slack, batch: Batch, promotion_id: int, *, only_there: bool = False) -> SlackMessage | None:
    """Post the promotion's message, or have it show the newest; with `only_there` nothing new is posted."""
    message = SlackMessage.objects.filter(lane=batch.lane, promotion_id=promotion_id).first()
    card = slack_cards.kept(_history(batch, promotion_id))
    if message is None:
        if only_there:
            return None
        posted = slack.post(batch.lane.address, card, key=_kept_key(batch.lane, promotion_id, 0))
        return SlackMessage.objects.create(
            lane=batch.lane,
            promotion_id=promotion_id,
            channel_id=posted.channel_id,
            ts=posted.ts,
            digest=_digest(card),
        )
    if message.digest != _digest(card):
        try:
            slack.update(Posted(message.channel_id, message.ts), card)
        except GoneError:
            return _post_anew(slack, batch, message, card)
        message.digest = _digest(card)
        message.save(update_fields=["digest"])
    return message


def _post_anew(slack: Slack, batch: Batch, message: SlackMessage, card: Card) -> SlackMessage:
    """Somebody deleted it."""
    generation = message.generation + 1
    key = _kept_key(batch.lane, message.promotion_id, generation)
    posted = slack.post(batch.lane.address, card, key=key)
    message.channel_id, message.ts = posted.channel_id, posted.ts
    message.digest, message.generation = _digest(card), generation
    message.save()
    return message


def _post(slack: Slack, batch: Batch, part: str, card: Card, under: SlackMessage | None = None) -> None:
    """Post a part of the batch, once."""
    head = batch.head
    if part in head.parts_done:
        return
    key = f"{head.event_id}.{head.pk}.{part}" + (f".{head.redelivered}" if head.redelivered else "")
    if under is None:
        slack.post(batch.lane.address, card, key=key)
    else:
        slack.post(under.channel_id, card, key=key, thread_ts=under.ts)
    head.parts_done = [*head.parts_done, part]
    head.save(update_fields=["parts_done"])


def _history(batch: Batch, promotion_id: int) -> list[Event]:
    """What this channel was told of the promotion until now, in its order, with what it is being told: what is sent
    once more doesn't take the message back to how things were then."""
    until_now = Q(pk__lte=batch.notifications[-1].pk) | Q(state=NotificationState.SENT)
    told = Notification.objects.filter(until_now, lane=batch.lane, promotion_id=promotion_id)
    return [one.event for one in told.select_related("event").order_by("-id")[:MOST_HISTORY]][::-1]


def _events(batch: Batch) -> list[Event]:
    return [one.event for one in batch.notifications]


def _kept_key(lane: Lane, promotion_id: int, generation: int) -> str:
    return f"kept.{lane.pk}.{promotion_id}.{generation}"


def _digest(card: Card) -> str:
    return hashlib.sha256(json.dumps(card.as_dict(), sort_keys=True).encode()).hexdigest()
