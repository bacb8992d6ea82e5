"""The page of an application's errors, as its trackers tell of them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps_registry.models import Application
from deployer.tracking.models import ErrorState, TrackedError, TrackedProject

ON_A_PAGE = 50


@require_safe
def errors(request: HttpRequest, slug: str) -> HttpResponse:
    """The open ones, or with ?state= the resolved or the ignored, the one seen last first."""
    application = get_object_or_404(Application.objects.select_related("owner"), slug=slug)
    asked = request.GET.get("state", "")
    state = ErrorState(asked) if asked in ErrorState.values else ErrorState.OPEN
    pages = Paginator(TrackedError.objects.of(application).filter(state=state), ON_A_PAGE)
    context = {
        "now": timezone.now(),
        "application": application,
        "projects": TrackedProject.objects.filter(application=application).select_related("environment"),
        "states": ErrorState,
        "state": state,
        "page": pages.get_page(request.GET.get("page")),
    }
    return render(request, "web/errors/errors.html", context)
