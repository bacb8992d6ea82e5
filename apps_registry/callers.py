"""What a caller of the API may do and see."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request

from apps_registry.models import Application, Target
from apps_registry.models.token_limit import covered_by
from apps_registry.rights import Rights, rights_of_token, rights_of_user
from deployer.access.models import ApiToken, User

Row = TypeVar("Row", bound=Model)


def rights_of_caller(request: Request) -> Rights:
    """The caller has been authenticated."""
    if isinstance(request.auth, ApiToken):
        return rights_of_token(request.auth)
    assert isinstance(request.user, User)  # noqa: S101 — narrows the type; ScopePermission has refused others
    return rights_of_user(request.user)


def is_limited(request: Request) -> bool:
    """Whether there may be applications that the caller must not see."""
    return isinstance(request.auth, ApiToken) and request.auth.limited


def covered(request: Request) -> QuerySet[Application]:
    """The applications that the caller may see: a limited token's own, everyone else's all."""
    return covered_by(request.auth) if isinstance(request.auth, ApiToken) else Application.objects.all()


def within_reach(request: Request, rows: QuerySet[Row], *, application: str = "application") -> QuerySet[Row]:
    """Those of the applications that the caller may see; `application` is the path to a row's."""
    return rows.filter(**{f"{application}__in": covered(request)}) if is_limited(request) else rows


def target_of(application: str, environment: str) -> Target:
    """By the two slugs. Raises NotFound."""
    targets = Target.objects.select_related("application__owner", "environment")
    target = targets.filter(application__slug=application, environment__slug=environment).first()
    if target is None:
        raise NotFound(
            f"There is no target of {application!r} in {environment!r}; GET /api/v1/applications/{application} lists "
            "where it runs."
        )
    return target


def check_covered(request: Request, *applications: Application) -> None:
    """Raises PermissionDenied when a token may not be used for one of them."""
    if not is_limited(request):
        return
    mine = set(covered(request).filter(pk__in=[one.pk for one in applications]).values_list("pk", flat=True))
    others = ", ".join(str(one) for one in applications if one.pk not in mine)
    if others:
        raise PermissionDenied(f"This token may not be used for {others}.")
