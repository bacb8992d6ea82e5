"""The page on which people say yes or no to a promotion."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from deployer.promotions import quorum
from deployer.promotions.actions.approvals import approve, reject
from deployer.promotions.models import Promotion
from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment
from deployer.web.approvals.forms import ApproveForm, RejectForm
from deployer.web.approvals.reading import approvals_of
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.refusals import refusals_in

CHANGES_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
def approve_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everyone may read it; who may not answer is told why."""
    reader, promotion = reader_of(request), get_object_or_404(Promotion.objects.with_names(), pk=pk)
    if request.method != "POST" and (why := _why_nothing(promotion)):
        messages.error(request, why)
        return redirect(promotion)
    approving = ApproveForm(request.POST if request.POST.get("verdict") == "approve" else None, reader=reader)
    rejecting = RejectForm(request.POST if request.POST.get("verdict") == "reject" else None, reader=reader)
    form = rejecting if rejecting.is_bound else approving
    if form.is_valid():
        with refusals_in(form):
            said = _answer(promotion, reader, approving, rejecting)
            messages.success(request, said)
            return redirect(promotion)
    context = _about(promotion, reader) | {"approving": approving, "rejecting": rejecting, "form": form}
    return render(request, "web/approvals/approve.html", context)


def _answer(promotion: Promotion, reader: Reader, approving: ApproveForm, rejecting: RejectForm) -> str:
    """Give it, and say what came of it."""
    if rejecting.is_bound:
        reject(promotion=promotion, rights=reader.rights, reason=rejecting.cleaned_data["reason"])
        return "Rejected: the promotion has ended, and those who watch are told why."
    approve(promotion=promotion, rights=reader.rights, comment=approving.cleaned_data["comment"])
    if promotion.state != PromotionState.WAITING:
        return "Approved: it is on its way."
    return "Approved. See what it still waits for."


def _why_nothing(promotion: Promotion) -> str:
    if promotion.state != PromotionState.WAITING:
        return f"{promotion} no longer waits: it is {promotion.get_state_display().lower()}."
    return "" if quorum.needs_approval(promotion) else f"Nobody needs to approve {promotion}."


def _about(promotion: Promotion, reader: Reader) -> dict[str, Any]:
    changes = list(quorum.brought(promotion)[: CHANGES_SHOWN + 1])
    return {
        "now": reader.now,
        "promotion": promotion,
        "approvals": approvals_of(promotion, reader.rights, reader.now),
        "live": Deployment.objects.live([promotion.target]).select_related("release", "promotion").first(),
        "changes": changes[:CHANGES_SHOWN],
        "more_changes": len(changes) > CHANGES_SHOWN,
        "several_releases": len({change.release_id for change in changes}) > 1,
        "freeze_scope": [(promotion.application, promotion.environment)],
    }
