"""Opening and resolving trust issues."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment, Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.policies import write_policy
from apps_registry.rights import Rights
from apps_registry.signals import automation_changed
from deployer.audit.actions import record
from deployer.refusal import RefusedError


@transaction.atomic
def open_trust_issue(
    *,
    application: Application,
    environment: Environment | None,
    reason: str,
    rights: Rights,
    make_manual: bool = False,
    now: datetime | None = None,
) -> TrustIssue:
    """Record why it isn't trusted to deploy automatically, in one environment or in all: from now on nothing of it goes
    there by itself. With `make_manual` its automatic targets there become manual, and stay so when it is resolved.

    Raises NotAllowedError, RefusedError without a reason or where it does not run.
    """
    now, reason = now or timezone.now(), reason.strip()
    rights.need_work_on(application, to="open a trust issue of it")
    if not reason:
        raise RefusedError("Say why it isn't trusted: a trust issue needs a reason.")
    targets = _locked(application, environment)
    if environment is not None and not targets:
        raise RefusedError(f"{application} does not run in {environment}: choose an environment in which it does.")
    issue = TrustIssue.objects.create(
        application=application,
        environment=environment,
        reason=reason,
        opened_at=now,
        opened_by=rights.user,
        opened_by_name=rights.actor.label,
    )
    automatic = [target for target in targets if target.policy == Policy.AUTOMATIC] if make_manual else []
    _record(
        issue,
        "opened",
        f"{rights.actor} opened a trust issue of {issue.scope}: {reason}",
        rights=rights,
        reason=reason,
        now=now,
        made_manual=[target.environment.slug for target in automatic],
    )
    for target in automatic:
        write_policy(target, Policy.MANUAL, by=rights.actor, reason=reason, now=now)
    _tell_who_waits(issue, now)
    return issue


@transaction.atomic
def resolve_trust_issue(
    *, issue: TrustIssue, resolution: str, rights: Rights, now: datetime | None = None
) -> TrustIssue:
    """Say what was done about it: what is automatic goes again by itself. What is manual stays manual.

    Raises NotAllowedError, RefusedError without a resolution or when it is resolved already.
    """
    now, resolution = now or timezone.now(), resolution.strip()
    rights.need_work_on(issue.application, to="resolve its trust issues")
    if not resolution:
        raise RefusedError("Say what was done: a trust issue is resolved with a resolution.")
    _locked(issue.application, issue.environment)
    found = TrustIssue.objects.select_for_update(of=("self",)).select_related("application__owner", "environment")
    issue = found.get(pk=issue.pk)
    if issue.resolved_at is not None:
        raise RefusedError(f"{issue.resolved_by or 'Somebody'} has resolved it already: {issue.resolution}")
    issue.resolved_at, issue.resolved_by, issue.resolution = now, rights.actor.label, resolution
    issue.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    sentence = f"{rights.actor} resolved the trust issue of {issue.scope}: {resolution}"
    _record(issue, "resolved", sentence, rights=rights, reason=resolution, now=now)
    _tell_who_waits(issue, now)
    return issue


def _locked(application: Application, environment: Environment | None) -> Sequence[Target]:
    """The application's targets within the scope, by the environments' order, with their environments' rows locked."""
    targets = Target.objects.filter(application=application)
    if environment is not None:
        targets = targets.filter(environment=environment)
    lock_environments(targets.values_list("environment", flat=True))
    return list(targets.select_related("application", "environment").order_by("environment__position"))


def _record(
    issue: TrustIssue, what: str, sentence: str, *, rights: Rights, reason: str, now: datetime, **data: object
) -> None:
    record(
        f"trust_issue.{what}",
        sentence,
        by=rights.actor,
        application=issue.application.slug,
        environment=issue.environment.slug if issue.environment else "",
        subject=f"trust_issue:{issue.pk}",
        reason=reason,
        data={
            "title": f"Trust issue of {issue.scope}",
            "state": what,
            "url": settings.BASE_URL + issue.application.get_absolute_url(),
            "trust_issue": issue.pk,
            **data,
        },
        now=now,
    )


def _tell_who_waits(issue: TrustIssue, now: datetime) -> None:
    automation_changed.send(
        TrustIssue, application_id=issue.application_id, environment_id=issue.environment_id, now=now
    )
