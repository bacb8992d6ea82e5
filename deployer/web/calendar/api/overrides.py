"""One person's leave to pass one named blocker."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import rights_of_caller
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.models.override import REASON_LENGTH, OverrideBase
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.api import promotion_of
from deployer.promotions.serializers import StrictSerializer
from deployer.web.calendar.api.fields import MomentField, TextField
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals


class OverrideIn(StrictSerializer):
    """`blocker` is the name of what is to be passed, as refusals give it: freeze:12, window."""

    blocker = TextField(max_length=120)
    reason = TextField(
        min_length=REASON_LENGTH,
        max_length=2000,
        error_messages={"min_length": "Say why, in at least {min_length} characters."},
    )
    expires_at = MomentField()


class OverrideOut(serializers.Serializer[OverrideBase]):
    id = serializers.IntegerField()
    blocker = serializers.CharField()
    sentence = serializers.CharField(help_text="What is passed, in words.")
    reason = serializers.CharField()
    given_by = serializers.CharField()
    given_at = MomentField()
    expires_at = MomentField()


def new_override(request: Request) -> NewOverride:
    given = OverrideIn(data=request.data)
    given.is_valid(raise_exception=True)
    return NewOverride(**given.validated_data)


class PromotionOverrides(APIView):
    """There is no scope for this: an override is a person's."""

    permission_classes = [ScopePermission]
    write_scope = None
    people_write = True

    @extend_schema(request=OverrideIn, responses={201: OverrideOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Let a waiting promotion pass one of its blockers, until a time at most a week ahead."""
        promotion = promotion_of(request, pk)
        new = new_override(request)
        with refusals():
            override = override_promotion(promotion=promotion, new=new, rights=rights_of_caller(request))
        body: dict[str, Any] = dict(OverrideOut(override).data)
        return Response(body, status=201)
