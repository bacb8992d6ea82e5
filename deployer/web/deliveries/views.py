"""The pages of what was sent: all of it, one message with its calls and answers, and sending it again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps_registry.models import Application
from deployer.notifications.models import Channel, Delivery, Notification, NotificationState
from deployer.notifications.redelivery import redeliver
from deployer.notifications.texts import Told, text_of
from deployer.refusal import NotAllowedError
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.deliveries.listing import listing, visible

AGAIN = "have this sent again"
MOST_CALLS = 20


@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """The newest messages of what the reader may see, and which receivers can't be reached."""
    reader = reader_of(request)
    context = {
        "now": reader.now,
        "reader": reader,
        "listing": listing(request.GET, reader),
        "states": NotificationState.choices,
        "channels": Channel.choices,
    }
    return render(request, "web/deliveries/deliveries.html", context)


@require_safe
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: what was sent, what was answered, and why."""
    reader = reader_of(request)
    notification = _found(pk, reader)
    carrier = notification.delivered_with_id or notification.pk
    together = visible(reader).filter(delivered_with=carrier).exclude(pk=pk)
    context = {
        "now": reader.now,
        "reader": reader,
        "notification": notification,
        "calls": Delivery.objects.filter(notification=carrier)[:MOST_CALLS],
        "together": together.order_by("id"),
        "says": text_of(Told(notification.event, notification.why, notification.urgent), zone=reader.zone),
        "may_resend": _why_not(notification, reader) == "",
    }
    return render(request, "web/deliveries/delivery.html", context)


@require_POST
def redeliver_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it sent once more."""
    reader = reader_of(request)
    notification = _found(pk, reader)
    why_not = _why_not(notification, reader)
    if why_not:
        raise PermissionDenied(why_not)
    redeliver(notification, by=reader.rights.actor, now=reader.now)
    messages.success(request, "It is being sent again.")
    return redirect("delivery", pk=pk)


def _found(pk: int, reader: Reader) -> Notification:
    return get_object_or_404(visible(reader), pk=pk)


def _why_not(notification: Notification, reader: Reader) -> str:
    """Why they can't have it sent again; empty when they can."""
    if notification.channel == Channel.LOG:
        return "There is nothing to send: this was only written to the log."
    application = Application.objects.filter(slug=notification.event.application).select_related("owner").first()
    try:
        if application is None:
            reader.rights.need_management(to=AGAIN)
        else:
            reader.rights.need_work_on(application, to=AGAIN)
    except NotAllowedError as error:
        return str(error)
    return ""
