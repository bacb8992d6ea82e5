"""Pages that belong to no single domain."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployer.web.board import read_board
from deployer.web.forms import SignInForm


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Every application in every environment; the filter is kept in the address."""
    text, team = request.GET.get("q", "").strip(), request.GET.get("team", "")
    context = {"now": timezone.now(), "board": read_board(text=text, team=team), "text": text, "team": team}
    return render(request, "web/board.html", context)


class SignIn(auth.LoginView):
    """With a password kept here, where the operator has allowed it; otherwise says what to set."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_PASSWORD_SIGN_IN:
            raise PermissionDenied("Sign-in with a password is not set up.")
        return super().post(request, *args, **kwargs)
