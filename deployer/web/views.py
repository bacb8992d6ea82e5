"""Pages that belong to no single domain."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployer.web.board import read_board


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Every application in every environment; the filter is kept in the address."""
    text, team = request.GET.get("q", "").strip(), request.GET.get("team", "")
    context = {"now": timezone.now(), "board": read_board(text=text, team=team), "text": text, "team": team}
    return render(request, "web/board.html", context)
