"""What of a target's readiness only its promotions tell, and readiness with it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Max

from apps_registry.models import Target
from apps_registry.readiness import Item, readiness
from apps_registry.readiness_facts import readiness_facts
from deployer.promotions.models import Promotion, PromotionKind
from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment

MONTH = timedelta(days=30)
"""What is counted a month is counted over the last so many days."""


def readiness_of(targets: Sequence[Target]) -> dict[int, list[Item]]:
    """By target's id: five queries, however many there are. As for `readiness_facts`, their names are loaded."""
    facts = readiness_facts(targets, rolled_back=rolled_back([target.pk for target in targets]))
    return {target.pk: readiness(facts[target.pk]) for target in targets}


def rolled_back(target_ids: Iterable[int]) -> dict[int, datetime]:
    """When a rollback last succeeded, by target's id, where one has. Nothing else brings an older release there."""
    rollbacks = Promotion.objects.filter(
        target__in=list(target_ids), kind=PromotionKind.ROLLBACK, state=PromotionState.SUCCEEDED
    )
    return dict(rollbacks.order_by().values_list("target").annotate(Max("finished_at")))


def deployments_a_month(now: datetime) -> dict[int, int]:
    """How often each target was deployed to in the last 30 days, by its id, where it was."""
    recent = Deployment.objects.filter(at__gt=now - MONTH, at__lte=now)
    return dict(recent.order_by().values_list("target").annotate(Count("pk")))
