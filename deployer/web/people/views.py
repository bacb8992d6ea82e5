"""The page of a person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from deployer.access.models import User
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.people.reading import read_person


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Who they are and what they did. Their e-mail address is shown to themselves and to admins: pages show nobody
    else's, and who wants to reach them finds their team's."""
    reader = reader_of(request)
    found = get_object_or_404(User, pk=pk)
    context = {
        "now": reader.now,
        "about": read_person(found, reader.now),
        "is_me": found == reader.rights.user,
        "shows_address": found == reader.rights.user or (reader.rights.user and reader.rights.user.is_superuser),
        "freeze_scope": [],
    }
    return render(request, "web/people/person.html", context)
