"""What I was told and why, what I would be told, and my quiet hours."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps_registry.models import Team
from deployer.access.models import User
from deployer.notifications.preferences import set_quiet_hours
from deployer.notifications.routes import routes_to
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.paging import asked_page
from deployer.web.refusals import refusals_in
from deployer.web.told.forms import QuietForm
from deployer.web.told.history import history


@require_safe
def told(request: HttpRequest) -> HttpResponse:
    """What this person and their teams were told, the newest first, and what they would be told."""
    reader = reader_of(request)
    person = _person(reader)
    context = {
        "now": reader.now,
        "reader": reader,
        "person": person,
        "history": history(person, only_me=request.GET.get("to") == "me", page=asked_page(request.GET)),
        "routes": routes_to(person),
    }
    return render(request, "web/told/told.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """One's own quiet hours, and the rules by which one is told."""
    reader = reader_of(request)
    person = _person(reader)
    form = QuietForm(request.POST if request.method == "POST" else None, reader=reader, person=person)
    if form.is_valid():
        start, end = form.cleaned_data["quiet_from"], form.cleaned_data["quiet_until"]
        with refusals_in(form):
            set_quiet_hours(person=person, start=start, end=end)
            messages.success(request, "Saved." if start else "Saved: you have no quiet hours.")
            return redirect("told-settings")
    context = {
        "reader": reader,
        "person": person,
        "form": form,
        "routes": routes_to(person),
        "teams": Team.objects.filter(memberships__user=person).prefetch_related("applications"),
    }
    return render(request, "web/told/settings.html", context)


def _person(reader: Reader) -> User:
    if reader.rights.user is None:
        raise TypeError("This page is for who is signed in.")
    return reader.rights.user
