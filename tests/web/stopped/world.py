"""What is stopped, for tests of its page and its API: rows as the engine writes them, at the time that it is."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps_registry.models import Application, Team
from deployer.promotions.models import Hold, Promotion, Step
from tests.web import pages

LONG = timedelta(days=9)
"""Longer than any limit, whatever weekend is in it."""


def application(slug: str, team: str = "web") -> Application:
    Team.objects.get_or_create(slug=team, defaults={"name": team.title(), "slack_channel": f"#{team}"})
    return pages.application(slug, team=team)


def waits(
    app: Application, kind: str, *, ago: timedelta = LONG, environment: str = "staging", **fields: Any
) -> Promotion:
    """A promotion that waits for this reason and is looked at again before long."""
    now = timezone.now()
    blocker = pages.blocker(kind, f"{app} waits for {kind}.", **fields.pop("blocker", {}))
    values: dict[str, Any] = {"created_at": now - ago, "due_at": now + timedelta(minutes=1), "blockers": [blocker]}
    return pages.promotion(app, environment, fields.pop("version", "v1"), **values | fields)


def failed(app: Application, *, ago: timedelta = LONG, environment: str = "staging") -> Hold:
    """A promotion that failed, with the hold that it left."""
    stopped = pages.promotion(app, environment, "v1", "failed")
    hold = pages.hold(app, environment, f"{app} failed its smoke test.", placed_at=timezone.now() - ago)
    Hold.objects.filter(pk=hold.pk).update(kind="failure", promotion=stopped, placed_by="Deployer")
    return Hold.objects.get(pk=hold.pk)


def runs(app: Application, kind: str, *, ago: timedelta, environment: str = "staging", **spec: Any) -> Promotion:
    """A promotion that is at a step of this kind since then."""
    now = timezone.now()
    state = "deploying" if kind == "deploy" else "verifying"
    promotion = pages.promotion(app, environment, "v1", state, started_at=now - ago, created_at=now - ago)
    soon = now + timedelta(minutes=1)
    Step.objects.create(
        promotion=promotion,
        position=0,
        kind=kind,
        name="A step",
        state="running",
        started_at=now - ago,
        due_at=None if kind == "soak" else soon,
        spec=spec,
    )
    Promotion.objects.filter(pk=promotion.pk).update(due_at=soon)
    return promotion
