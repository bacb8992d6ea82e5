"""May this be deployed now? The very answer that the engine gets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, target_of
from apps_registry.models import Target
from deployer.access.api import ScopePermission
from deployer.calendar import rules as calendar
from deployer.calendar.facts import Asked, calendar_facts, earliest
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.models import Promotion
from deployer.promotions.rules import gate
from deployer.promotions.serializers import StrictSerializer
from deployer.releases.models import Release
from deployer.web.calendar.api.fields import MomentField, TextField
from deployer.web.calendar.api.refusals import BlockerOut

SOMEBODY_MUST_ACT = frozenset(
    {
        BlockerKind.ARCHIVED,
        BlockerKind.NOT_CONFIGURED,
        BlockerKind.BACKWARDS,
        BlockerKind.ALREADY_LIVE,
        BlockerKind.HOLD,
        BlockerKind.TRUST_ISSUE,
        BlockerKind.MANUAL,
    }
)
"""No waiting ends these."""
ENDS_SOME_TIME = frozenset(
    {BlockerKind.BUSY, BlockerKind.QUEUE, BlockerKind.CAPACITY, BlockerKind.EXCLUSION, BlockerKind.NOT_VERIFIED}
)
"""What runs, goes first or is on its way ends or arrives; nobody knows when."""


class GateQuery(StrictSerializer):
    version = TextField(max_length=100, required=False, help_text="The newest release unless it says which.")
    by_hand = serializers.BooleanField(default=False, help_text="As if a person asked for this very promotion.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gate says of a release to a target at the moment `now`; the calendar alone where there is no release.

    `promotion` is the one that waits for it. No waiting ends the blockers that are in `endless`.
    """

    target: Target
    release: Release | None
    promotion: Promotion | None
    blockers: Sequence[Blocker]
    endless: Collection[Blocker]
    earliest_start: datetime | None
    now: datetime


class GateBlockerOut(BlockerOut):
    ends_by_waiting = serializers.SerializerMethodField(help_text="false: somebody has to do something first.")

    def get_ends_by_waiting(self, blocker: Blocker) -> bool:
        return blocker not in self.context["endless"]


class GateOut(serializers.Serializer[Any]):
    """`earliest_start` is the first moment at which no freeze, hours or slot block; null when waiting does not get
    there. What runs now may still be in the way then: nobody knows when it ends."""

    application = serializers.CharField(source="target.application.slug")
    environment = serializers.CharField(source="target.environment.slug")
    version = serializers.CharField(
        source="release.version", default=None, help_text="null: it has no release, so the calendar alone answers."
    )
    promotion = serializers.IntegerField(
        source="promotion.pk", default=None, help_text="The one that waits for this: its overrides count."
    )
    allowed = serializers.SerializerMethodField()
    blockers = GateBlockerOut(many=True)
    earliest_start = MomentField(allow_null=True)
    evaluated_at = MomentField(source="now")

    def get_allowed(self, answer: Answer) -> bool:
        return not answer.blockers


class Gate(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(parameters=[GateQuery], responses=GateOut)
    def get(self, request: Request, slug: str, environment: str) -> Response:
        """May this be deployed now, every reason why not, and when it may."""
        target = target_of(slug, environment)
        check_covered(request, target.application)
        query = GateQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        release = _release(target, query.validated_data.get("version", ""))
        answer = _answer(target, release, by_hand=query.validated_data["by_hand"], now=timezone.now())
        return Response(GateOut(answer, context={"endless": answer.endless}).data)


def _answer(target: Target, release: Release | None, *, by_hand: bool, now: datetime) -> Answer:
    promotion = _waiting(target, release) if release else None
    if release is None:
        asked = Asked(target=target, by_hand=by_hand, running=_running_beside(target))
        blockers = calendar.blockers(calendar_facts(asked, now), now)
    else:
        facts = gate_facts(release, target, now=now, promotion=promotion, by_hand=by_hand)
        blockers = gate(facts, now)
        asked = Asked(
            target=target,
            version=release.version,
            is_rollback=facts.is_rollback,
            by_hand=facts.by_hand,
            passed=_passed(promotion, now),
        )
    acts = [blocker for blocker in blockers if _needs_somebody(blocker, release)]
    start = None if acts else earliest(asked, now)
    return Answer(
        target=target,
        release=release,
        promotion=promotion,
        blockers=blockers,
        endless=[one for one in blockers if one in acts or not (one.until or one.kind in ENDS_SOME_TIME or start)],
        earliest_start=start,
        now=now,
    )


def _needs_somebody(blocker: Blocker, release: Release | None) -> bool:
    """What is on its way through the environments before may arrive by itself; what is not, somebody must send."""
    if blocker.kind is BlockerKind.NOT_VERIFIED:
        return not Promotion.objects.open().filter(release=release).exists()
    return blocker.kind in SOMEBODY_MUST_ACT


def _passed(promotion: Promotion | None, now: datetime) -> Mapping[str, datetime]:
    """What the promotion's overrides let it pass, each until the last of them expires."""
    if promotion is None:
        return {}
    return dict(promotion.overrides.valid(now).order_by("expires_at").values_list("blocker", "expires_at"))


def _waiting(target: Target, release: Release) -> Promotion | None:
    """The promotion that waits for this; a promotion rather than a rollback, should there be both."""
    return Promotion.objects.waiting().with_names().filter(target=target, release=release).order_by("kind").first()


def _running_beside(target: Target) -> list[str]:
    active = Promotion.objects.active().in_environment(target.environment_id).exclude(target=target)
    return list(active.values_list("target__application__slug", flat=True))


def _release(target: Target, version: str) -> Release | None:
    """Raises ValidationError for a version that the application doesn't have."""
    releases = target.application.releases.order_by("-order")
    if not version:
        return releases.first()
    release = releases.filter(version=version).first()
    if release is None:
        raise serializers.ValidationError({"version": [f"{target.application} has no release {version!r}."]})
    return release
