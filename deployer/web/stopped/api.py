"""What is stopped by the API, and stopping everything."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import covered, is_limited, rights_of_caller
from apps_registry.models import Team
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.calendar.models import Freeze
from deployer.promotions.actions.stop import stop_everything
from deployer.promotions.serializers import StrictSerializer, WordField
from deployer.web.calendar.api.fields import EnvironmentField, MomentField, TextField
from deployer.web.calendar.api.freeze_serializers import FreezeOut
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.stopped.listing import MOST_SHOWN, Wanted, read_stopped
from deployer.web.stopped.rows import FirstWay, Row


class StopIn(StrictSerializer):
    reason = TextField(max_length=5000)
    contact = TextField(max_length=200, required=False, allow_blank=True, default="")


class TeamField(serializers.SlugRelatedField[Team]):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="slug", queryset=Team.objects.all(), **kwargs)

    def to_internal_value(self, data: Any) -> Team:
        slug = WordField(max_length=100).run_validation(data)
        found = Team.objects.filter(slug=slug).first()
        if found is None:
            raise serializers.ValidationError(f"There is no team {data!r:.100}.")
        return found


class StoppedFilters(StrictSerializer):
    team = TeamField(required=False)
    environment = EnvironmentField(required=False)


class WhoseOut(serializers.Serializer[Any]):
    mover = serializers.CharField(help_text="team, managers, admins or operators.")
    name = serializers.CharField()
    contact = serializers.CharField(allow_blank=True)


class WayOut(serializers.Serializer[FirstWay]):
    what = serializers.CharField(source="label")
    url = serializers.SerializerMethodField()

    def get_url(self, way: FirstWay) -> str:
        return settings.BASE_URL + way.link


class StoppedOut(serializers.Serializer[Any]):
    """One thing that is stopped. Without `application` it is everything, without `environment` all of them."""

    condition = serializers.CharField(help_text="overdue, stopped, stalled, frozen, held or waits.")
    kind = serializers.CharField(help_text="What it waits for.")
    application = serializers.SerializerMethodField()
    environment = serializers.SerializerMethodField()
    version = serializers.CharField(source="title", allow_blank=True)
    why = serializers.ListField(child=serializers.CharField())
    since = MomentField()
    until = MomentField(allow_null=True, help_text="When it ends by itself, where it does.")
    whose_move = WhoseOut(source="whose")
    mine = serializers.BooleanField(source="is_mine", help_text="Whether it is the caller's move.")
    told = serializers.IntegerField(help_text="How often its people were told that it does not move.")
    first_way_out = WayOut(source="way")
    promotion = serializers.IntegerField(allow_null=True)
    hold = serializers.IntegerField(allow_null=True)
    freeze = serializers.IntegerField(allow_null=True)
    url = serializers.SerializerMethodField()

    def get_application(self, row: Row) -> str | None:
        return row.application.slug if row.application else None

    def get_environment(self, row: Row) -> str | None:
        return row.environment.slug if row.environment else None

    def get_url(self, row: Row) -> str:
        return settings.BASE_URL + row.link


class StoppedListOut(serializers.Serializer[Any]):
    """The worst first, at most five hundred; `total` is how many there are."""

    total = serializers.IntegerField()
    everything_stopped_by = serializers.IntegerField(allow_null=True, help_text="The freeze by which everything is.")
    results = StoppedOut(many=True)


class Stopped(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(operation_id="list_stopped", parameters=[StoppedFilters], responses=StoppedListOut)
    def get(self, request: Request) -> Response:
        """Everything that is stopped, stalls or waits for a person, of what the caller may see."""
        filters = StoppedFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        given = {name: row.slug for name, row in filters.validated_data.items()}
        wanted = Wanted(**given, applications=covered(request) if is_limited(request) else None)
        found = read_stopped(rights_of_caller(request), timezone.now(), wanted)
        return Response(
            {
                "total": len(found.rows),
                "everything_stopped_by": found.stop.pk if found.stop else None,
                "results": StoppedOut(list(found.rows[:MOST_SHOWN]), many=True).data,
            }
        )


class Stop(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.FREEZES_WRITE
    people_write = True

    @extend_schema(request=StopIn, responses={201: FreezeOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Stop everything: a freeze of everything until it is lifted, that rollbacks pass. For release managers, and
        tokens that aren't limited. Lift it as any freeze: POST freezes/<id>/lift."""
        given = StopIn(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        with refusals():
            freeze = stop_everything(rights=rights_of_caller(request), **given.validated_data, now=now)
        found = Freeze.objects.with_scope().get(pk=freeze.pk)
        return Response(FreezeOut(found, context={"now": now}).data, status=201)
