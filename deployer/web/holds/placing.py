"""Placing a hold: which application, then the form, then what it would stop, and only then the hold."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps_registry.models import Application
from apps_registry.rights import Rights
from deployer.promotions.actions.hold import place_hold
from deployer.promotions.models import Hold
from deployer.refusal import RefusedError
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.holds.evidence import caught_by
from deployer.web.holds.forms import NewHoldForm
from deployer.web.refusals import need_work_on

NOTHING_YOURS = (
    "Only developers of the team that owns an application, and release managers, can put it on hold: none is yours."
)


class WhichForm(forms.Form):
    """Which application, out of those that the reader may work on. It is asked by the address."""

    application = forms.ModelChoiceField(
        Application.objects.none(),
        to_field_name="slug",
        empty_label="Choose one",
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": "Choose the application", "invalid_choice": "Choose one from the list"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Each button sends all that was typed, and only `confirm` writes."""
    reader = reader_of(request)
    application = _named(request)
    if application is None:
        return _which(request, reader)
    need_work_on(reader, application, to="put it on hold")
    if request.method != "POST":
        environment = request.GET.get("environment", "")
        return _form_page(request, NewHoldForm(application=application, reader=reader, environment=environment))
    form = NewHoldForm(request.POST, application=application, reader=reader)
    if not form.is_valid() or "change" in request.POST:
        return _form_page(request, form)
    if "confirm" not in request.POST:
        return _preview(request, form)
    try:
        hold = _placed(form)
    except RefusedError as error:
        form.refuse(error)
        return _form_page(request, form)
    messages.success(request, f"Placed: {hold.scope} is on hold.")
    return redirect(hold)


def _placed(form: NewHoldForm) -> Hold:
    reader = form.reader
    return place_hold(
        application=form.application,
        environment=form.chosen_environment,
        new=form.new_hold(),
        rights=reader.rights,
        now=reader.now,
    )


def theirs(rights: Rights) -> QuerySet[Application]:
    """What a person may put on hold."""
    active = Application.objects.active()
    return active if rights.manages else active.filter(owner__in=rights.teams)


def _named(request: HttpRequest) -> Application | None:
    slug = request.GET.get("application", "")
    if not slug or "\x00" in slug:
        return None
    return Application.objects.active().select_related("owner").filter(slug=slug).first()


def _which(request: HttpRequest, reader: Reader) -> HttpResponse:
    applications = theirs(reader.rights)
    if not applications.exists():
        raise PermissionDenied(NOTHING_YOURS)
    form = WhichForm(request.GET if "application" in request.GET else None)
    field = form.fields["application"]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = applications
    return render(request, "web/holds/which.html", {"now": reader.now, "form": form, "freeze_scope": []})


def _form_page(request: HttpRequest, form: NewHoldForm) -> HttpResponse:
    context = {"now": form.reader.now, "reader": form.reader, "form": form, "freeze_scope": []}
    return render(request, "web/holds/new.html", context)


def _preview(request: HttpRequest, form: NewHoldForm) -> HttpResponse:
    environment, hold = form.chosen_environment, form.new_hold()
    context = {
        "now": form.reader.now,
        "form": form,
        "application": form.application,
        "environment": environment,
        "hold": hold,
        "caught": caught_by(application=form.application, environment=environment, newest_safe=hold.newest_safe),
        "freeze_scope": [],
    }
    return render(request, "web/holds/preview.html", context)
