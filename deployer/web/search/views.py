"""The search over everything."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from deployer.web.search.reading import SHORTEST, SHORTEST_COMMIT, SHOWN_ALONE
from deployer.web.search.reading import search as find


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`q` is what is looked for; `kind`, a group's, shows more of that one."""
    found = find(request.GET.get("q", ""), request.GET.get("kind", ""))
    context = {
        "found": found,
        "shortest": SHORTEST,
        "shortest_commit": SHORTEST_COMMIT,
        "most": SHOWN_ALONE,
        "freeze_scope": [],
    }
    return render(request, "web/search/search.html", context)
