"""Shows how things stand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.timesince import timesince

from apps_registry.models import Application
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import when
from deployer.calendar.models.freeze import frozen_now
from deployer.promotions import terminal
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.standing import Standing, TargetStanding, standings
from deployer.promotions.ways import ways_out_of

INDENT = " " * 14


class Command(BaseCommand):
    help = "Show what is live, moving, waiting and why, and stopped: of one application, or of all that have something."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["application"]:
            found = [terminal.find_application(options["application"])]
        else:
            found = list(Application.objects.active().select_related("owner"))
        if not found:
            self.stdout.write("There are no applications yet: manage.py import_registry FILE brings them in.")
        now = timezone.now()
        for line in describe_freezes(now):
            self.stdout.write(line)
        for standing in standings(found):
            for line in describe(standing, now):
                self.stdout.write(line)


def describe_freezes(now: datetime) -> Iterator[str]:
    """The lines that tell what is frozen now."""
    frozen = frozen_now(now)
    for freeze in frozen:
        yield f"FROZEN: {freeze.scope}, {when(freeze)}, by {freeze.declared_by}: {freeze.reason}"
        yield f'  to go on: manage.py unfreeze {freeze.pk} --reason "why"'
    if frozen:
        yield ""


def describe(standing: Standing, now: datetime) -> Iterator[str]:
    """The lines that tell how an application stands."""
    yield f"{standing.application.slug}  ({standing.application.owner.name})"
    for hold in standing.holds:
        yield from _hold(hold, now)
    for target in standing.targets:
        yield from _target(target, now)
    if not standing.targets:
        yield "  has no target yet; an admin can add one."
    yield ""


def _target(standing: TargetStanding, now: datetime) -> Iterator[str]:
    name = f"  {standing.environment.slug:<12}"
    live = standing.live
    if live is None:
        yield f"{name}nothing is live"
    else:
        doubt = "" if live.verified_at else ", not verified"
        yield f"{name}{live.release.version} live for {timesince(live.at, now)}{doubt}"
    if standing.moving:
        yield f"{INDENT}{standing.moving.release.version} {standing.moving.state}: {standing.moving.full_url()}"
    for promotion in standing.waiting:
        yield f"{INDENT}{promotion.release.version} waits:"
        for blocker in promotion.waits_for:
            yield f"{INDENT}  {terminal.reason(blocker)}"
        for override in promotion.overrides.all():
            yield f"{INDENT}  {override.given_by} lets it pass {override.kind_in_words}: {override.reason}"
    for hold in standing.holds:
        yield from _hold(hold, now)


def _hold(hold: Hold, now: datetime) -> Iterator[str]:
    yield f"{INDENT}ON HOLD for {timesince(hold.placed_at, now)}, by {hold.placed_by}: {hold.reason}"
    yield from (f"{INDENT}  {line}" for line in _terms(hold))
    for way in ways_out_of(hold, now=now):
        if way.possible:
            yield f"{INDENT}  to go on: {way.command}  # {way.label.lower()}"
    yield f"{INDENT}  {hold.full_url()}"
    if hold.kind == HoldKind.FAILURE and hold.promotion is not None:
        for told in _told(hold.promotion):
            yield f"{INDENT}  {told}"


def _terms(hold: Hold) -> Iterator[str]:
    """What ends it by itself, what passes it, and whom to ask."""
    if hold.ends_at:
        yield f"until {timezone.localtime(hold.ends_at):%-d %b %H:%M %Z}"
    if hold.newest_safe:
        yield f"releases up to {hold.newest_safe.version} pass it"
    if hold.fix_forward_at:
        yield f"newer releases pass it, since {hold.fix_forward_by} fixes forward"
    if hold.contact:
        yield f"ask {hold.contact}"


def _told(promotion: Promotion) -> Iterator[str]:
    """Who has been told that this promotion stopped the line, and how."""
    events = Event.objects.filter(promotion_id=promotion.pk, kind=f"promotion.{promotion.state}")
    for event in events.prefetch_related("notifications"):
        for notification in event.notifications.all():
            yield notification.telling()
