"""The page of a promotion, what its steps printed, and overriding what blocks it."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps_registry.models import Application, Environment
from apps_registry.rights import Rights, rights_of_user
from deployer.access.models import User
from deployer.calendar.actions.overrides import LONGEST
from deployer.calendar.leaves import leaves
from deployer.calendar.spans import Span
from deployer.promotions import log_lines, log_text, reading
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.contents import contents_of
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.forms import ONLY_MANAGERS, OverrideForm, may_override
from deployer.promotions.lifting import shown_blocker
from deployer.promotions.models import Promotion, Step
from deployer.promotions.rules import gate
from deployer.promotions.states import STEP_FINISHED, PromotionState
from deployer.promotions.surroundings import freezes_near, slot_of
from deployer.refusal import NotAllowedError, RefusedError

LONGEST_WORD = 200
OVERRIDE_LASTS = timedelta(hours=1)
"""So long an override counts unless its giver says otherwise."""


@require_safe
def promotion_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Some forty queries, and a few more for each step; not more for a long history, log or check."""
    beside = ("superseded_by__release", "deployment", "retry_of__deployment")
    found = Promotion.objects.with_names().select_related(*beside)
    promotion, now, rights = get_object_or_404(found, pk=pk), timezone.now(), _rights(request)
    overrules = _can_be_overridden(promotion) and may_override(rights)
    events, earlier_events = reading.events_of(promotion)
    context = {
        "now": now,
        "promotion": promotion,
        "live_topics": f"promotion:{promotion.pk} application:{promotion.application.slug}",
        "page_state": reading.PAGE_STATES.get(PromotionState(promotion.state), ""),
        "neighbours": reading.neighbours_of(promotion),
        "overrides": leaves(promotion.overrides.all(), now),
        "freezes": freezes_near(promotion, now),
        "freeze_scope": _freeze_scope(promotion),
        "slot": slot_of(promotion, now),
        "may_override": overrules,
        "blockers": [shown_blocker(one, promotion, rights, may_override=overrules) for one in promotion.waits_for],
        "steps": reading.reports_on(promotion),
        "holds": reading.holds_about(promotion),
        "contents": contents_of(promotion),
        "events": events,
        "earlier_events": earlier_events,
    }
    return render(request, "promotions/promotion.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def override_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a waiting promotion pass one of its blockers: those of now are chosen from."""
    rights, now = _rights(request), timezone.now()
    if not may_override(rights):
        raise PermissionDenied(ONLY_MANAGERS)
    promotion = get_object_or_404(Promotion.objects.with_names(), pk=pk)
    form = _override_form(request, promotion, now)
    if form.is_valid():
        try:
            override_promotion(promotion=promotion, new=form.override(), rights=rights, now=now)
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Overridden. Deployer looks at the promotion again at once.")
            return redirect(promotion)
    context = {"now": now, "promotion": promotion, "form": form, "freeze_scope": _freeze_scope(promotion)}
    return render(request, "promotions/override.html", context)


def _override_form(request: HttpRequest, promotion: Promotion, now: datetime) -> OverrideForm:
    waits = promotion.state == PromotionState.WAITING
    facts = gate_facts(promotion.release, promotion.target, now=now, promotion=promotion)
    return OverrideForm(
        request.POST if request.method == "POST" else None,
        blockers=gate(facts, now) if waits else [],
        zone=timezone.get_current_timezone_name(),
        expires_at=now + OVERRIDE_LASTS,
        within=Span(now, now + LONGEST),
        ends=f"in the future, at most {LONGEST.days} days ahead",
    )


def _rights(request: HttpRequest) -> Rights:
    assert isinstance(request.user, User)  # noqa: S101 — narrows the type; the middleware has refused others
    return rights_of_user(request.user)


def _freeze_scope(promotion: Promotion) -> list[tuple[Application, Environment]]:
    """What the banner of freezes is to look at; nothing once the promotion has ended."""
    return [(promotion.application, promotion.environment)] if promotion.is_open else []


def _can_be_overridden(promotion: Promotion) -> bool:
    return promotion.state == PromotionState.WAITING and any(one.overridable for one in promotion.waits_for)


@require_safe
def step_log(request: HttpRequest, pk: int, position: int) -> StreamingHttpResponse:
    """All that a step printed, as plain text."""
    step = get_object_or_404(Step, promotion_id=pk, position=position)
    return StreamingHttpResponse(log_text.pieces(step), content_type="text/plain; charset=utf-8")


@require_safe
def log_page(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """A step's log by its lines: the part that the address asks for, or the lines that have a word.

    With `after` it answers what has come since, and with `part` the part alone, for the script of an open page.
    """
    promotion = get_object_or_404(Promotion.objects.with_names(), pk=pk)
    step = get_object_or_404(promotion.steps, position=position)
    if "after" in request.GET:
        where = log_lines.Position.read(request.GET["after"])
        if where is None:
            return HttpResponseBadRequest("This is no position in a log.", content_type="text/plain; charset=utf-8")
        return _log_part(request, step, log_lines.after(step, where))
    line, word = _line_asked(request), request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_WORD]
    if "part" in request.GET:
        return _log_part(request, step, log_lines.around(step, line or 1))
    context: dict[str, object] = {"now": timezone.now(), "promotion": promotion, "step": step, "word": word}
    context["freeze_scope"] = _freeze_scope(promotion)
    if word:
        found, count = log_lines.find(step, word)
        return render(request, "promotions/log.html", context | {"found": found, "count": count})
    length = log_lines.length(step)
    part = log_lines.around(step, line or length)
    context |= {
        "part": part,
        "length": length,
        "asked": line,
        "before": part.first - 1 if part.first > 1 else 0,
        "behind": part.last + 1 if part.last < length else 0,
    }
    return render(request, "promotions/log.html", context)


def _log_part(request: HttpRequest, step: Step, part: log_lines.Part) -> HttpResponse:
    ended = step.state in STEP_FINISHED and not part.more
    response = render(request, "promotions/_log_part.html", {"step": step, "part": part, "ended": ended})
    response.headers["Cache-Control"] = "no-store"
    return response


def _line_asked(request: HttpRequest) -> int:
    """0 where none is, or it makes no sense."""
    asked = request.GET.get("line", "").strip()
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 0
