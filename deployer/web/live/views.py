"""What a page without a stream asks for now and then."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployer.access.models import User
from deployer.web.live.stream import changes_from


@require_safe
@never_cache
@login_not_required
def changes(request: HttpRequest) -> HttpResponse:
    """What the stream would tell from `since` on. 401 without a session: a script can't follow to a sign-in page."""
    if not isinstance(request.user, User):
        return JsonResponse({"detail": "Sign in first."}, status=HTTPStatus.UNAUTHORIZED)
    found = changes_from(request.GET.get("since", ""))
    return JsonResponse({"topics": sorted(found.topics), "reset": found.reset, "position": str(found.position)})


@require_safe
def stream(request: HttpRequest) -> HttpResponse:
    """The ASGI server answers this address itself (deployer/asgi.py). Under another server there are no streams: 204
    tells a browser not to ask again, and the page polls."""
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
