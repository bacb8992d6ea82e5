"""The admin's name, its one way in, and who sees the queues."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard


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


class AdminsQueueAdmin(QueueAdmin):
    """Of django-rq, which lets all staff empty the queues: here admins do."""

    def get_urls(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urls()  # type: ignore[no-untyped-call]
        for pattern in patterns:
            pattern.callback = _admins_only(pattern.callback)
        return patterns


def _admins_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.is_superuser:
            raise PermissionDenied("Only admins may see the queues.")
        return view(request, *args, **kwargs)

    return guarded


admin.site.unregister(Dashboard)
admin.site.register(Dashboard, AdminsQueueAdmin)
