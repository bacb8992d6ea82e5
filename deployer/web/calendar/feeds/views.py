"""The feeds, which calendar programs fetch by a secret address; and the page where that is made."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_not_required
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from apps_registry.models import Application, Environment, Team
from deployer.access.models import User
from deployer.calendar.actions.feeds import renew_address
from deployer.calendar.models import FeedAddress, Slot
from deployer.calendar.models.feed import digest_of
from deployer.refusal import RefusedError
from deployer.web.calendar.feeds import hiding, ics, selection
from deployer.web.calendar.feeds.addresses import addresses_of
from deployer.web.calendar.feeds.entries import Feed

SETTLED = timedelta(minutes=1)
"""No change that is older than this can still come to light: transactions, which take their time at their start, don't
last so long."""
PRIVATE = {"Cache-Control": "private, max-age=0, must-revalidate", "Referrer-Policy": "no-referrer"}
"""A page that is answered to such an address must send it nowhere."""

_Row = TypeVar("_Row", bound=models.Model)
View = Callable[..., HttpResponse]


def feed_view(view: Callable[..., Feed]) -> View:
    """A feed as a view: open to whoever has the secret of an active person, and to nobody else.

    The view gets that person, and the time, instead of the secret. What it does not find is a 404 in plain text.
    """

    def fetched(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        try:
            feed = view(request, person=_owner(request, secret), now=now, **kwargs)
        except Http404 as error:
            return _not_found(str(error))
        return answer(request, feed, now)

    return csrf_exempt(login_not_required(require_safe(fetched)))


@feed_view
def my_feed(request: HttpRequest, *, person: User, now: datetime) -> Feed:
    return selection.my_slots(person, now)


@feed_view
def team_feed(request: HttpRequest, *, person: User, now: datetime, slug: str) -> Feed:
    return selection.slots_of_team(_named(Team, slug), now)


@feed_view
def application_feed(request: HttpRequest, *, person: User, now: datetime, slug: str) -> Feed:
    return selection.slots_of_application(_named(Application, slug), now)


@feed_view
def environment_feed(request: HttpRequest, *, person: User, now: datetime, slug: str) -> Feed:
    return selection.slots_in(_named(Environment, slug), now)


@feed_view
def freezes_feed(request: HttpRequest, *, person: User, now: datetime) -> Feed:
    """All, or with `team`, `application` and `environment` those that touch all that these name."""
    asked = request.GET
    return selection.freezes(
        now,
        team=_named(Team, asked["team"]) if asked.get("team") else None,
        application=_named(Application, asked["application"]) if asked.get("application") else None,
        environment=_named(Environment, asked["environment"]) if asked.get("environment") else None,
    )


def answer(request: HttpRequest, feed: Feed, now: datetime) -> HttpResponse:
    """304 when the program has it already; it is only written when it has not."""
    changed_at = int(feed.changed_at.timestamp()) if feed.changed_at + SETTLED <= now else None
    response: HttpResponse | None = get_conditional_response(request, etag=feed.etag, last_modified=changed_at)
    if response is None:
        response = HttpResponse(ics.write_feed(feed), content_type=ics.CONTENT_TYPE)
    headers = PRIVATE | {"ETag": feed.etag} | ({"Last-Modified": http_date(changed_at)} if changed_at else {})
    for name, value in headers.items():
        response.headers[name] = value
    return response


@csrf_exempt
@login_not_required
def no_feed(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other address that begins like a feed's may have a secret in it, and is answered as carefully."""
    return _not_found("There is no feed at this address: /feeds/ lists those that there are.")


@require_safe
def slot_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One slot, to be put into a calendar by hand; it does not follow later changes."""
    slot = get_object_or_404(Slot.objects.with_names(), pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="slot-{pk}.ics"', "Cache-Control": "private"}
    return HttpResponse(ics.write_file(selection.slot_file_entry(slot)), content_type=ics.CONTENT_TYPE, headers=headers)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """What there is, and whether one has an address. A POST makes or renews it, and its answer is the only page that
    ever shows it; where one would end, it is asked for first, by the time at which that was made."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101 — narrows the type; only people sign in
    context: dict[str, Any] = {}
    if request.method == "POST":
        replaces = _instant(request.POST.get("replaces", ""))
        try:
            secret = renew_address(user=person, replaces=replaces)
            context |= {"addresses": addresses_of(person, secret), "renewed": replaces is not None}
        except RefusedError:
            context["asks"] = True
    context["address"] = FeedAddress.objects.filter(user=person).first()
    return render(request, "web/calendar/feeds.html", context)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _named(rows: type[_Row], slug: str) -> _Row:
    found = None if "\0" in slug else rows._default_manager.filter(slug=slug).first()
    if found is None:
        raise Http404(f"There is no {rows._meta.verbose_name} of this name.")
    return found


def _owner(request: HttpRequest, secret: str) -> User:
    """Found by the digest, so that how long it takes says nothing of the secret."""
    digest = digest_of(request.META.get(hiding.SECRET, secret))
    address = FeedAddress.objects.select_related("user").filter(digest=digest, user__is_active=True).first()
    if address is None:
        raise Http404("There is no feed at this address. When it was renewed, the new one is needed: see /feeds/.")
    return address.user


def _not_found(why: str) -> HttpResponse:
    return HttpResponse(
        f"{why}\n", status=HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8", headers=PRIVATE
    )
