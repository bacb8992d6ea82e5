"""Making a target automatic or manual."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Target
from apps_registry.models.target import Policy
from apps_registry.readiness import Item, missing, readiness
from apps_registry.readiness_facts import readiness_facts
from apps_registry.rights import Rights
from apps_registry.signals import automation_changed
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.refusal import NotAllowedError, RefusedError

REASON_LENGTH = 10
"""Shorter reasons say nothing."""


class NotReadyError(RefusedError):
    """The target lacks what an automatic one needs: `items` say what, how it is mended, and whether it may be
    overridden."""

    def __init__(self, target: Target, items: Sequence[Item]) -> None:
        lasting = [item for item in items if not item.overridable]
        items = lasting or items
        reasons = " ".join(item.sentence for item in items)
        instead = "This can't be overridden." if lasting else "Mend that, or ask a release manager to override it."
        super().__init__(f"{target} is not ready to be automatic. {reasons} {instead}")
        self.items = tuple(items)


class ReasonTooShortError(RefusedError):
    """An override needs a reason that says something."""


@transaction.atomic
def set_policy(
    *,
    target: Target,
    policy: Policy,
    rights: Rights,
    rolled_back_at: datetime | None = None,
    override_reason: str = "",
    now: datetime | None = None,
) -> Target:
    """Make it automatic or manual; what waits there is looked at again at once. Does nothing when it is so already.

    `rolled_back_at` is when a rollback last succeeded there. What of its readiness is missing only a release manager
    passes over, with a reason, and never the lack of a deployer, a watcher, or a way to reach the owner. The reason is
    recorded with what was missing; without anything missing, and for a manual target, it may be given too.

    Raises NotAllowedError, NotReadyError, ReasonTooShortError, RefusedError for an archived application.
    """
    now, reason = now or timezone.now(), override_reason.strip()
    rights.need_work_on(target.application, to=f"make it {policy}")
    lock_environments([target.environment_id])
    found = Target.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "application__owner", "environment"
    )
    target = found.get(pk=target.pk)
    if target.policy == policy:
        return target
    lacking: list[Item] = []
    if policy == Policy.AUTOMATIC:
        if target.application.is_archived:
            raise RefusedError(f"{target.application} is archived and is deployed nowhere; an admin can unarchive it.")
        facts = readiness_facts([target], rolled_back={target.pk: rolled_back_at} if rolled_back_at else {})
        lacking = missing(readiness(facts[target.pk]))
        _check_lacking(target, lacking, rights, reason)
    write_policy(target, policy, by=rights.actor, reason=reason, now=now, lacking=lacking)
    automation_changed.send(Target, application_id=target.application_id, environment_id=target.environment_id, now=now)
    return target


def may_override(rights: Rights) -> bool:
    """Whether they may make a target automatic that lacks something: release managers, and no program."""
    return rights.manages and rights.actor.is_person


def _check_lacking(target: Target, lacking: Sequence[Item], rights: Rights, reason: str) -> None:
    if not lacking:
        return
    if not reason or any(not item.overridable for item in lacking):
        raise NotReadyError(target, lacking)
    if not may_override(rights):
        raise NotAllowedError("Only a release manager, as a person, can make automatic what lacks something.")
    if len(reason) < REASON_LENGTH:
        raise ReasonTooShortError(f"Say why it may be automatic all the same, in at least {REASON_LENGTH} characters.")


def write_policy(
    target: Target, policy: Policy, *, by: Actor, reason: str, now: datetime, lacking: Sequence[Item] = ()
) -> None:
    """Write it with its event. The caller holds the locks, has checked who asks, and tells who waits."""
    old, target.policy = target.policy, policy
    target.save(update_fields=["policy"])
    names = ", ".join(item.name for item in lacking)
    record(
        "target.policy_changed",
        f"{by} made {target} {policy}{f', though it lacks: {names}' if lacking else ''}.",
        by=by,
        application=target.application.slug,
        environment=target.environment.slug,
        reason=reason,
        data={
            "title": str(target),
            "state": str(policy),
            "url": settings.BASE_URL + target.policy_url,
            "old": old,
            "new": str(policy),
            "missing": [str(item.need) for item in lacking],
            "override": bool(lacking),
        },
        now=now,
    )
