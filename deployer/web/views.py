"""Pages that belong to no single domain."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployer.web.board.changed import read_changed
from deployer.web.board.reading import read_board
from deployer.web.board.wanted import Wanted
from deployer.web.calendar.slots.reader import reader_of


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Applications in every environment, what needs the reader first; the filter and the page are in the address."""
    reader = reader_of(request)
    context = {"now": reader.now, "board": read_board(reader.rights, Wanted.asked(request.GET), reader.now)}
    return render(request, "web/board.html", context)


@require_safe
def board_rows(request: HttpRequest) -> HttpResponse:
    """What has changed of an open board: `only` names the rows that it asks for, the filter is as the board's."""
    wanted, now = Wanted.asked(request.GET), timezone.now()
    context = {"now": now, "wanted": wanted, "changed": read_changed(wanted, request.GET.getlist("only"), now)}
    return render(request, "web/board/rows.html", context)
