"""Signing in and out, with a password kept here or by a provider (docs/access.md)."""

import logging
from datetime import timedelta
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from social_core.actions import do_auth, do_complete
from social_core.backends.base import BaseAuth
from social_core.exceptions import SocialAuthBaseException
from social_django.utils import load_backend, load_strategy

from deployer.access.models import User
from deployer.web.forms import SignInForm
from deployer.web.sign_in_refusals import refusal_of

logger = logging.getLogger(__name__)

SESSIONS = settings.AUTHENTICATION_BACKENDS[0]
"""Whatever someone signed in by, the session is Django's own, which ends when the account is made inactive."""

LENGTH = timedelta(hours=12)
"""Of a session by a provider: who has left a group there has lost its rights here by the next day."""

SIGNED_IN_BY = "signed_in_by"


class SignIn(auth.LoginView):
    """By the providers that are set up, and with a password where the operator has allowed it."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_PASSWORD_SIGN_IN:
            raise PermissionDenied("Sign-in with a password is not set up.")
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(providers=settings.SIGN_IN_PROVIDERS, **kwargs)

    def render_to_response(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return _leads_to_providers(self.request, super().render_to_response(*args, **kwargs))


class SignOut(auth.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ends the session here, and says where it goes on."""
        label = settings.SIGN_IN_PROVIDERS.get(request.session.get(SIGNED_IN_BY, ""))
        answer = super().post(request, *args, **kwargs)
        there = f" You are still signed in to {label}: on a shared computer, sign out there too." if label else ""
        messages.info(request, f"You are signed out of {settings.SITE_NAME}.{there}")
        return answer


@never_cache
@login_not_required
@require_POST
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Send someone to the provider. A form's post, so that no other site can begin a sign-in here."""
    backend = _backend(request, provider)
    try:
        return do_auth(backend)
    except SocialAuthBaseException as error:
        return _refused(request, provider, error)


@never_cache
@login_not_required
@require_GET
def complete(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider sends someone back to, with a code that is exchanged for who they are."""
    backend = _backend(request, provider)

    def log_in(_: BaseAuth[HttpResponse], user: User, __: object) -> None:
        login(request, user, backend=SESSIONS)
        request.session[SIGNED_IN_BY] = provider
        request.session.set_expiry(LENGTH)

    try:
        # Never for who is signed in already: an identity is given to no other account than its own.
        return do_complete(backend, log_in, user=None)
    except SocialAuthBaseException as error:
        return _refused(request, provider, error)


def _backend(request: HttpRequest, provider: str) -> BaseAuth[HttpResponse]:
    if provider not in settings.SIGN_IN_PROVIDERS:
        raise Http404("Nobody signs in by this provider here.")
    address = f"{settings.BASE_URL}{reverse('sign-in-complete', args=[provider])}"
    strategy = load_strategy(request)  # type: ignore[no-untyped-call]
    backend: BaseAuth[HttpResponse] = load_backend(strategy, provider, address)  # type: ignore[no-untyped-call]
    return backend


def _refused(request: HttpRequest, provider: str, error: SocialAuthBaseException) -> HttpResponse:
    """What went wrong, as a page; the log has the same for the operator, without anything that the provider sent but
    its error code."""
    refusal = refusal_of(error, label=settings.SIGN_IN_PROVIDERS[provider])
    about = {"claim": error.claim, "setting": error.parameter, "provider's error": error.provider_code}
    more = "".join(f", {name} {str(value)[:60]!r}" for name, value in about.items() if value)
    logger.warning("A sign-in by %s came to nothing: %s, at the stage %s%s.", provider, error.code, error.stage, more)
    context = {
        "next": request.session.get("next", ""),
        "refusal": refusal,
        "provider": provider,
        "label": settings.SIGN_IN_PROVIDERS[provider],
    }
    page = render(request, "web/sign_in_refused.html", context, status=refusal.status)
    return _leads_to_providers(request, page)


def _leads_to_providers(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """A page whose forms may lead to them, and no other page's."""
    csp_update({"form-action": settings.SIGN_IN_FORM_ACTION})(lambda _: page)(request)
    return page
