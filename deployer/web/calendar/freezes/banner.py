"""The freezes that a page warns of."""

from collections.abc import Collection
from datetime import datetime, timedelta

from apps_registry.models import Application, Environment
from deployer.calendar.models import Freeze
from deployer.calendar.spans import Span
from deployer.web.calendar.freezes.standing import ShownFreeze, soonest_first

AHEAD = timedelta(days=1)
"""So long before it begins a freeze is warned of."""

Scope = Collection[tuple[Application, Environment]]


def touching(now: datetime, *, scope: Scope | None = None, span: Span | None = None) -> list[ShownFreeze]:
    """Those that hold now or begin within a day, the soonest first. One query when there are none, five otherwise.

    `scope` are the applications in the environments that the page shows, None for all. With `span`, a slot's, they are
    instead those that catch a slot of that time.
    """
    if scope is not None and not scope:
        return []
    start, end = span or Span(now, now + AHEAD)
    found = [
        ShownFreeze(freeze=freeze, now=now, times=times)
        for freeze in Freeze.objects.touching(start, end).with_scope()
        if _covers(freeze, scope) and not (span and freeze.allows_by_hand) and (times := freeze.times(start, end))
    ]
    return soonest_first(found)


def _covers(freeze: Freeze, scope: Scope | None) -> bool:
    return scope is None or any(freeze.covers(application, environment.pk) for application, environment in scope)
