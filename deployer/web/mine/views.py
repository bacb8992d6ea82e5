"""One's own page, and one's own settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from deployer.access.models import User
from deployer.access.preferences import set_time_zone
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.mine.forms import ZoneForm, zones
from deployer.web.mine.reading import read_mine
from deployer.web.refusals import refusals_in


@require_safe
def my(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    context = {"now": reader.now, "reader": reader, "mine": read_mine(_person(reader), reader.rights, reader.now)}
    return render(request, "web/mine/my.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """One's time zone; what else there is to set has pages of its own."""
    reader = reader_of(request)
    person = _person(reader)
    data = request.POST if request.method == "POST" else None
    form = ZoneForm(data, reader=reader, initial={"zone": person.time_zone})
    if form.is_valid():
        with refusals_in(form):
            set_time_zone(person=person, zone=form.cleaned_data["zone"])
            messages.success(request, f"Saved: you read times by the clocks of {form.cleaned_data['zone']}.")
            return redirect("my")
    context = {"now": reader.now, "reader": reader, "person": person, "form": form, "zones": zones()}
    return render(request, "web/mine/settings.html", context)


def _person(reader: Reader) -> User:
    if reader.rights.user is None:
        raise TypeError("This page is for who is signed in.")
    return reader.rights.user
