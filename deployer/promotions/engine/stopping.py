"""What is told when the line stops: what failed, what was seen, whose changes they are, and the ways out."""

from dataclasses import replace
from datetime import datetime
from textwrap import shorten
from typing import Any

from deployer.audit.actor import ENGINE
from deployer.promotions import log_text
from deployer.promotions.engine import retrying
from deployer.promotions.lines import record_event
from deployer.promotions.models import Hold, Promotion, Step
from deployer.promotions.ways import possible_in_words, situation
from deployer.releases.models import Deployment, Release

EVIDENCE_WIDTH = 300
"""Characters of a line that go into a message."""
EVIDENCE_LINES = 5
MOST_CHANGES = 20


def tell_stop(hold: Hold, promotion: Promotion, *, now: datetime, rolls_back_to: str) -> None:
    """Write the event of a promotion that failed or errored. `rolls_back_to` is the version that its policy is about to
    roll back to, empty for none."""
    live = Deployment.objects.live_on(promotion.target_id)
    step = retrying.stopped_at(promotion)
    measurement = step.measurements.order_by("-id").first() if step else None
    record_event(
        promotion,
        promotion.state,
        f"{promotion} {promotion.state}: {promotion.outcome}",
        by=ENGINE,
        now=now,
        step=step.name if step else "",
        measurement=measurement.sentence if measurement else "",
        evidence=_evidence(step) if step else [],
        live=live.release.version if live else "",
        rolls_back_to=rolls_back_to,
        hold=hold.pk,
        hold_url=hold.full_url(),
        ways_out=_ways(hold, rolls_back_to, now),
        **_changes(promotion.release),
    )


def _ways(hold: Hold, rolls_back_to: str, now: datetime) -> list[str]:
    found = situation(hold, now)
    if rolls_back_to:
        sentence = f"The rollback to {rolls_back_to} goes first."
        found = replace(found, under_way=sentence, rollback_under_way=sentence)
    return possible_in_words(found)


def _evidence(step: Step) -> list[str]:
    """The last things that it observed or printed."""
    observed = [measurement.sentence for measurement in step.measurements.order_by("-id")[:EVIDENCE_LINES]][::-1]
    printed = log_text.plain("".join(chunk.text for chunk in step.log.order_by("-id")[:3][::-1])).splitlines()
    return [shorten(line, EVIDENCE_WIDTH, placeholder="…") for line in (observed + printed)[-EVIDENCE_LINES:]]


def _changes(release: Release) -> dict[str, Any]:
    """What the release brings, at most twenty changes, and everybody who wrote any of it."""
    changes = list(release.changes.all())
    authors = {change.author_email or change.author_name: change for change in changes}
    return {
        "changes": [_in_a_line(change.title, change.author_name) for change in changes[:MOST_CHANGES]],
        "more_changes": max(0, len(changes) - MOST_CHANGES),
        "authors": [{"name": one.author_name, "email": one.author_email} for key, one in authors.items() if key],
    }


def _in_a_line(title: str, author: str) -> str:
    return f"{title} ({author})" if author else title
