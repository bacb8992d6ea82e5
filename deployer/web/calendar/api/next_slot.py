"""When could a slot be had?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, rights_of_caller
from apps_registry.models import Application
from apps_registry.rights import Rights
from deployer.access.api import ScopePermission
from deployer.calendar.booking import STEP, booking_blockers
from deployer.calendar.closing import calendar_of
from deployer.calendar.facts import Wanted, booking_facts, next_slot
from deployer.calendar.models.hours import LONGEST_SLOT_MINUTES
from deployer.calendar.spans import Span
from deployer.promotions.serializers import StrictSerializer
from deployer.web.calendar.api.fields import EnvironmentField, QueryMomentField
from deployer.web.calendar.api.refusals import BlockerOut, SpanOut, blockers_out, span_out

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NextSlotQuery(StrictSerializer):
    """A slot as long as the environment's are unless it says how many minutes, from now on unless it says when."""

    environment = EnvironmentField()
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=LONGEST_SLOT_MINUTES)

    def get_fields(self) -> dict[str, Any]:
        """`from` can't be written as a name."""
        return super().get_fields() | {"from": QueryMomentField(required=False)}


class NextSlotOut(serializers.Serializer[Any]):
    """`blockers` say why there is none, when there is none."""

    application = serializers.CharField()
    environment = serializers.CharField()
    minutes = serializers.IntegerField()
    next_free = SpanOut(allow_null=True)
    blockers = BlockerOut(many=True)


class NextSlot(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(parameters=[NextSlotQuery], responses=NextSlotOut)
    def get(self, request: Request, slug: str) -> Response:
        """The next free slot that the caller could book for an application, at whole five minutes, or why there is
        none."""
        application = Application.objects.select_related("owner").filter(slug=slug).first()
        if application is None:
            raise NotFound(f"There is no application {slug!r}; GET /api/v1/applications lists them.")
        check_covered(request, application)
        query = NextSlotQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = _wanted(application, query.validated_data, timezone.now())
        return Response(_answer(wanted, rights_of_caller(request), timezone.now()))


def _wanted(application: Application, values: dict[str, Any], now: datetime) -> Wanted:
    environment = values["environment"]
    length = calendar_of(environment).limits.length
    if "minutes" in values:
        length = timedelta(minutes=values["minutes"])
    start = max(values.get("from", now), now)
    start += (EPOCH - start) % STEP
    return Wanted(environment=environment, applications=[application], span=Span(start, start + length))


def _answer(wanted: Wanted, rights: Rights, now: datetime) -> dict[str, Any]:
    found = next_slot(wanted, rights, now)
    blockers = [] if found else booking_blockers(booking_facts(wanted, rights, now), now)
    return {
        "application": wanted.applications[0].slug,
        "environment": wanted.environment.slug,
        "minutes": (wanted.span.end - wanted.span.start) // timedelta(minutes=1),
        "next_free": span_out(found),
        "blockers": blockers_out(blockers),
    }
