"""What promotions do when what stands below them, calendar or registry, changes. Called inside its transaction."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from deployer.audit.actor import Actor
from deployer.calendar.actions.freezes import NewFreeze
from deployer.calendar.models import Freeze
from deployer.calendar.terms import Terms, amid
from deployer.promotions.engine import wakeups
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion
from deployer.promotions.models.promotion import PromotionQuerySet


def on_calendar_changed(*, environments: Iterable[int] | None, now: datetime, **_: Any) -> None:
    """What waits is looked at again, so that it goes, or says the new reason."""
    wakeups.wake_environments(environments, now=now)


def on_automation_changed(*, application_id: int, environment_id: int | None, now: datetime, **_: Any) -> None:
    """What waits of the application goes by itself, or waits for a person from now on."""
    wakeups.wake_application(application_id=application_id, environment_id=environment_id, now=now)


def on_freeze_declared(*, freeze: Freeze, by: Actor, now: datetime, **_: Any) -> None:
    """The owners of what is caught are told."""
    for promotion in caught_promotions(freeze):
        record_event(
            promotion,
            "frozen",
            f"{by} froze {amid(freeze.scope)}, which catches {promotion}: {freeze.reason}",
            by=by,
            now=now,
            reason=freeze.reason,
            freeze=freeze.pk,
            url=promotion.full_url(),
        )


def caught_promotions(freeze: Freeze | NewFreeze) -> list[Promotion]:
    """The promotions that wait now and would be frozen; what runs finishes where it is."""
    terms = freeze.terms
    return [one for one in _covered(terms, Promotion.objects.waiting()) if not _lets_through(terms, one)]


def finishing_promotions(freeze: Freeze | NewFreeze) -> list[Promotion]:
    """The promotions that run now within its scope: they finish where they are."""
    return list(_covered(freeze.terms, Promotion.objects.active()))


def _covered(terms: Terms, promotions: PromotionQuerySet) -> Iterator[Promotion]:
    for promotion in promotions.with_names().select_related("release__application").order_by("pk"):
        application, environment = promotion.application, promotion.environment
        if terms.covers(application=application.pk, owner=application.owner_id, environment=environment.pk):
            yield promotion


def _lets_through(terms: Terms, promotion: Promotion) -> bool:
    return terms.lets_through(is_rollback=promotion.is_rollback, by_hand=promotion.requested_by != "")
