"""The pages of the audit. Everyone who is signed in may read it; nobody can change it."""

from datetime import UTC

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from deployer.web.audit import listing
from deployer.web.audit.export import MOST_ROWS, csv_of
from deployer.web.audit.filters import FilterForm
from deployer.web.audit.showing import shown
from deployer.web.calendar.slots.reader import reader_of


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Events, the newest first. `before` and `after`, ids, say from where on."""
    reader = reader_of(request)
    form = FilterForm(request.GET, reader=reader)
    before, after = _id(request, "before"), _id(request, "after")
    page = listing.page_of(form.filters(), before=before, after=after) if form.is_valid() else None
    query = form.query
    and_query = f"&{query}" if query else ""
    context = {
        "now": reader.now,
        "reader": reader,
        "form": form,
        "page": page,
        "events": shown(page.events) if page else [],
        "query": query,
        "and_query": and_query,
        "newer": f"after={page.newer}{and_query}" if page and page.newer else "",
        "older": f"before={page.older}{and_query}" if page and page.older and not page.looked_to else "",
        "is_newest": not (before or after),
        "most_rows": MOST_ROWS,
        "freeze_scope": [],
    }
    return render(request, "web/audit/audit.html", context)


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """How many events have come since the one that the page shows first: the hint at the top of an open page."""
    form, newest = FilterForm(request.GET, reader=reader_of(request)), _id(request, "newest")
    count = listing.new_since(form.filters(), newest) if form.is_valid() else 0
    context = {"new": count, "most_new": listing.MOST_NEW, "newest": newest, "query": form.query}
    context["and_query"] = f"&{form.query}" if form.query else ""
    return render(request, "web/audit/_new.html", context)


@require_safe
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """All that the filter finds, the newest first, as it is read from the database."""
    reader = reader_of(request)
    form = FilterForm(request.GET, reader=reader)
    if not form.is_valid():
        wrong = "\n".join(f"{name}: {error}" for name, errors in form.errors.items() for error in errors)
        return HttpResponseBadRequest(f"The filter is not right.\n{wrong}\n", content_type="text/plain; charset=utf-8")
    goes_on = request.build_absolute_uri(reverse("audit-csv")) + (f"?{form.query}&" if form.query else "?")
    events = listing.all_of(form.filters(), before=_id(request, "before"))
    response = StreamingHttpResponse(
        csv_of(events, zone=reader.zone, goes_on=goes_on), content_type="text/csv; charset=utf-8"
    )
    stamp = f"{reader.now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{stamp}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _id(request: HttpRequest, name: str) -> int:
    """0 where none is asked for, or it makes no sense."""
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0
