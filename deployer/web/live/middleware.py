"""What a page carries of the live updates."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from deployer.web.live.reading import position_now

UPDATE = "X-Live-Update"
"""The header by which a page fetches itself anew."""


class LiveMiddleware:
    """Before a page's own queries: the position of then. What is committed later is after it, so nothing falls between.

    `request.live_position` is empty for what is no page; `request.is_live_update` says that an open page asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.is_live_update = UPDATE in request.headers  # type: ignore[attr-defined]
        request.live_position = str(position_now()) if _is_page(request) else ""  # type: ignore[attr-defined]
        return self.get_response(request)


def _is_page(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and request.user.is_authenticated
        and request.accepts("text/html")
        and "Accept" in request.headers
        and not request.path.startswith(("/api/", "/admin/"))
    )
