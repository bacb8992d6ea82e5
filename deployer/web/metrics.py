"""Numbers for Prometheus, read from the database when they are asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from deployer.access.api import ScopePermission
from deployer.access.models import ApiToken
from deployer.calendar.models import Slot, SlotSeries
from deployer.calendar.models.freeze import frozen_now
from deployer.notifications.lanes import due_lanes
from deployer.notifications.models import Lane, Notification, NotificationState
from deployer.promotions.models import Hold, Promotion, Step
from deployer.promotions.states import OPEN


class DeployerCollector(Collector):
    """What an engineer on call wants to see from afar. Times are in seconds."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield GaugeMetricFamily("deployer_holds", "Open holds", value=Hold.objects.open().count())
        yield GaugeMetricFamily("deployer_freezes", "Freezes that hold now", value=len(frozen_now(now)))
        yield GaugeMetricFamily(
            "deployer_notifications_pending",
            "Messages not yet sent",
            value=Notification.objects.filter(state=NotificationState.PENDING).count(),
        )
        yield GaugeMetricFamily(
            "deployer_notifications_given_up",
            "Messages that could not be sent",
            value=Notification.objects.filter(state=NotificationState.FAILED).count(),
        )
        yield GaugeMetricFamily(
            "deployer_receivers_failing",
            "Receivers that did not take what they were last sent",
            value=Lane.objects.filter(failures__gt=0).count(),
        )
        yield GaugeMetricFamily(
            "deployer_due_lag_seconds", "How long the most overdue thing has waited", value=due_lag(now).total_seconds()
        )
        promotions = GaugeMetricFamily("deployer_promotions", "Open promotions by state", labels=["state"])
        counts = dict(Promotion.objects.open().order_by().values_list("state").annotate(Count("pk")))
        for state in sorted(OPEN):
            promotions.add_metric([state.value], counts.get(state.value, 0))
        yield promotions


def due_lag(now: datetime) -> timedelta:
    """How long ago the most overdue timer of a promotion, step, slot or message should have been acted on. A message
    to a receiver that is tried again later is not overdue."""
    rows = (Promotion.objects, Step.objects, Slot.objects, SlotSeries.objects)
    due = [row.aggregate(oldest=Min("due_at"))["oldest"] for row in rows]
    due.append(min(due_lanes(now).values(), default=None))
    return max((now - oldest for oldest in due if oldest is not None and oldest < now), default=timedelta())


class Metrics(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        if isinstance(request.auth, ApiToken) and request.auth.limited:
            raise PermissionDenied("The metrics are of all applications, and this token is limited to some.")
        registry = CollectorRegistry()
        registry.register(DeployerCollector())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
