"""Approvals by the API: people's alone."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import rights_of_caller
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.promotions import quorum
from deployer.promotions.actions.approvals import approve, reject
from deployer.promotions.api import promotion_of
from deployer.promotions.models import Promotion
from deployer.promotions.serializers import StrictSerializer
from deployer.web.approvals.reading import Answer, approvals_of
from deployer.web.calendar.api.fields import MomentField, TextField
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.promoting.serializers import REASON_LENGTH


class AnswerIn(StrictSerializer):
    """A yes may carry a `comment`; a no needs its `reason`."""

    verdict = serializers.ChoiceField(choices=["approve", "reject"])
    comment = TextField(required=False, allow_blank=True, max_length=REASON_LENGTH)
    reason = TextField(required=False, max_length=REASON_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rejects = attrs["verdict"] == "reject"
        if rejects and "reason" not in attrs:
            raise serializers.ValidationError({"reason": ["Say why: a rejection needs a reason."]})
        strange = "comment" if rejects else "reason"
        if strange in attrs:
            right = "reason" if rejects else "comment"
            raise serializers.ValidationError({strange: [f"Write it as {right}: that is what this verdict takes."]})
        return attrs


class AnswerOut(serializers.Serializer[Answer]):
    """`counts` says whether an approval is young enough, and by someone who may give it still."""

    by = serializers.CharField(source="approval.name")
    verdict = serializers.SerializerMethodField()
    text = serializers.CharField(source="approval.reason", help_text="The comment, or the reason.")
    at = MomentField(source="approval.at")
    counts = serializers.BooleanField()

    def get_verdict(self, answer: Answer) -> str:
        return "reject" if answer.approval.rejects else "approve"


class ApprovalsOut(serializers.Serializer[Any]):
    """`asked_until` is when the asking is over, null before people were asked and once it waits no more."""

    promotion = serializers.IntegerField()
    state = serializers.CharField()
    needed = serializers.IntegerField()
    given = serializers.IntegerField()
    asked_until = MomentField(allow_null=True)
    answers = AnswerOut(many=True)


class Approvals(APIView):
    """There is no scope for this: an approval is a person's."""

    permission_classes = [ScopePermission]
    write_scope = None
    people_write = True

    @extend_schema(operation_id="read_approvals", responses=ApprovalsOut)
    def get(self, request: Request, pk: int) -> Response:
        """How many approvals a promotion needs and has, and who answered what."""
        return Response(_approvals_out(promotion_of(request, pk), request))

    @extend_schema(
        operation_id="answer_promotion", request=AnswerIn, responses={200: ApprovalsOut, CONFLICT: RefusalOut}
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Approve or reject a promotion that waits. A rejection ends it."""
        promotion = promotion_of(request, pk)
        given = AnswerIn(data=request.data)
        given.is_valid(raise_exception=True)
        values, rights = given.validated_data, rights_of_caller(request)
        with refusals():
            if values["verdict"] == "reject":
                reject(promotion=promotion, rights=rights, reason=values["reason"])
            else:
                approve(promotion=promotion, rights=rights, comment=values.get("comment", ""))
        return Response(_approvals_out(promotion_of(request, pk), request))


def _approvals_out(promotion: Promotion, request: Request) -> dict[str, Any]:
    found = approvals_of(promotion, rights_of_caller(request), timezone.now())
    values = {
        "promotion": promotion.pk,
        "state": promotion.state,
        "needed": found.needed if found and quorum.needs_approval(promotion) else 0,
        "given": found.given if found else 0,
        "asked_until": found.until if found else None,
        "answers": found.answers if found else [],
    }
    return dict(ApprovalsOut(values).data)
