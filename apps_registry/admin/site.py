"""The admin's name, and its one way in."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


@login_not_required
def sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Deployer's sign-in page instead of the admin's own, which would take a password where the site takes none."""
    if request.user.is_authenticated:
        raise PermissionDenied("This account may not work in the admin.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


admin.site.site_header = "Deployer"
admin.site.site_title = "Deployer"
admin.site.index_title = "Registry and access"
admin.site.login = sign_in  # type: ignore[method-assign] # Django documents no other way to replace it
