"""How programs say who they are."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from deployer.access.models import ApiToken, User
from deployer.access.models.api_token import Scope, digest_of
from deployer.audit.actor import Actor


class TokenUser:
    """Stands where Django expects a user when a token calls: signed in, nobody's account."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    pk = None

    def __init__(self, token: ApiToken) -> None:
        self.token = token

    def __str__(self) -> str:
        return self.token.name


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer dpl_…`."""

    def authenticate(self, request: Request) -> tuple[TokenUser, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if parts[0].lower() != b"bearer" or len(parts) != 2:
            raise AuthenticationFailed("The Authorization header must read: Bearer <token>.")
        now = timezone.now()
        token = _usable(parts[1].decode("latin-1"), now)
        token.mark_used(now)
        return TokenUser(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _usable(secret: str, now: datetime) -> ApiToken:
    """The token of this secret. Whoever has the secret may know why it is refused; all others learn nothing."""
    token = ApiToken.objects.filter(digest=digest_of(secret)).first()
    if token is None:
        raise AuthenticationFailed("This token is unknown.")
    if token.revoked_at is not None:
        raise AuthenticationFailed(f"This token, {token}, was revoked: ask for another.")
    if token.expires_at is not None and token.expires_at <= now:
        expired = token.expires_at.astimezone(UTC).isoformat(timespec="seconds")
        raise AuthenticationFailed(f"This token, {token}, expired at {expired}: ask for another.")
    return token


class ScopePermission(BasePermission):
    """A token needs the scope that the view names for the method. A signed-in person may read, and write where the view
    says `people_write`, by their own rights; where it names no `write_scope` only people write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        reading = request.method in SAFE_METHODS
        scope: Scope | None = Scope.READ if reading else getattr(view, "write_scope", None)
        if isinstance(request.auth, ApiToken):
            _check_scope(request.auth, scope)
            return True
        if not isinstance(request.user, User):
            return False
        if not (reading or getattr(view, "people_write", False)):
            raise PermissionDenied(f"This is for programs, by a token with the scope {scope}.")
        return True


def _check_scope(token: ApiToken, scope: Scope | None) -> None:
    if scope is None:
        raise PermissionDenied("A token may not do this: only a person can, signed in.")
    if not token.may(scope):
        raise PermissionDenied(f"This token lacks the scope {scope}.")


def actor_of(request: Request) -> Actor:
    """Who is calling. The caller has been authenticated."""
    caller = request.auth if isinstance(request.auth, ApiToken) else request.user
    assert isinstance(caller, ApiToken | User)  # noqa: S101 — narrows the type; ScopePermission has refused others
    return caller.as_actor()
