"""Policies, readiness and trust issues by the API."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, covered, rights_of_caller, target_of
from apps_registry.models import Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.policies import NotReadyError, ReasonTooShortError, set_policy
from apps_registry.trust import open_trust_issue, resolve_trust_issue
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.access.problems import Conflict
from deployer.promotions.readiness_facts import readiness_of, rolled_back
from deployer.web.applications.serializers import (
    NotReadyOut,
    PolicyIn,
    ReadinessOut,
    TrustIssueFilters,
    TrustIssueIn,
    TrustIssueOut,
    TrustResolutionIn,
    items_out,
    readiness_out,
)
from deployer.web.calendar.api.pages import page_of, page_schema
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals


class TargetPolicy(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="get_readiness", responses=ReadinessOut)
    def get(self, request: Request, slug: str, environment: str) -> Response:
        """The policy of an application in an environment, and what it needs and lacks to be automatic there."""
        return Response(_readiness(_target(request, slug, environment)))

    @extend_schema(operation_id="set_policy", request=PolicyIn, responses={200: ReadinessOut, CONFLICT: NotReadyOut})
    @idempotent
    def post(self, request: Request, slug: str, environment: str) -> Response:
        """Make it automatic or manual. 409 lists what is missing; setting the policy that it has changes nothing."""
        target = _target(request, slug, environment)
        given = PolicyIn(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            _set_policy(request, target, given.validated_data)
        return Response(_readiness(_target(request, slug, environment)))


def _set_policy(request: Request, target: Target, values: dict[str, Any]) -> None:
    try:
        set_policy(
            target=target,
            policy=Policy(values["policy"]),
            rights=rights_of_caller(request),
            rolled_back_at=rolled_back([target.pk]).get(target.pk),
            override_reason=values.get("override_reason", ""),
        )
    except NotReadyError as error:
        raise Conflict(str(error), missing=items_out(error.items)) from error
    except ReasonTooShortError as error:
        raise ValidationError({"override_reason": [str(error)]}) from error


class TrustIssues(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(
        operation_id="list_trust_issues",
        parameters=[TrustIssueFilters],
        responses=page_schema("TrustIssuePage", TrustIssueOut),
    )
    def get(self, request: Request) -> Response:
        """The trust issues of what the caller may see, the newest first, a hundred to a page."""
        filters = TrustIssueFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        if "application" in values:
            check_covered(request, values["application"])
        found = _filtered(_issues().filter(application__in=covered(request)), values)
        page = page_of(found, request, values.get("cursor"), by="opened_at", newest_first=True)
        return Response(page.answer([dict(TrustIssueOut(issue).data) for issue in page.rows]))

    @extend_schema(
        operation_id="open_trust_issue", request=TrustIssueIn, responses={201: TrustIssueOut, CONFLICT: RefusalOut}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Record why an application isn't trusted to deploy automatically: nothing of it goes by itself from now on."""
        given = TrustIssueIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        check_covered(request, values["application"])
        with refusals():
            issue = open_trust_issue(
                application=values["application"],
                environment=values.get("environment"),
                reason=values["reason"],
                rights=rights_of_caller(request),
                make_manual=values["make_manual"],
            )
        return Response(_issue_out(issue.pk), status=201)


class TrustIssueResolving(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(
        operation_id="resolve_trust_issue",
        request=TrustResolutionIn,
        responses={200: TrustIssueOut, CONFLICT: RefusalOut},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Resolve a trust issue, saying what was done about it."""
        issue = _issues().filter(pk=pk).first()
        if issue is None:
            raise NotFound(f"There is no trust issue {pk}.")
        check_covered(request, issue.application)
        given = TrustResolutionIn(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            resolve_trust_issue(
                issue=issue, resolution=given.validated_data["resolution"], rights=rights_of_caller(request)
            )
        return Response(_issue_out(pk))


def _target(request: Request, slug: str, environment: str) -> Target:
    target = target_of(slug, environment)
    check_covered(request, target.application)
    return target


def _readiness(target: Target) -> dict[str, Any]:
    return readiness_out(target, readiness_of([target])[target.pk])


def _issues() -> QuerySet[TrustIssue]:
    return TrustIssue.objects.select_related("application__owner", "environment", "opened_by")


def _filtered(issues: QuerySet[TrustIssue], values: dict[str, Any]) -> QuerySet[TrustIssue]:
    if "application" in values:
        issues = issues.filter(application=values["application"])
    if "environment" in values:
        issues = issues.filter(Q(environment=None) | Q(environment=values["environment"]))
    return issues.filter(resolved_at__isnull=values["state"] == "open") if "state" in values else issues


def _issue_out(pk: int) -> dict[str, Any]:
    return dict(TrustIssueOut(_issues().get(pk=pk)).data)
