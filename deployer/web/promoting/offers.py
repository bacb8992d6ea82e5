"""What can be done about a promotion from its page, and by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from apps_registry.rights import Rights
from deployer.gates import BlockerKind
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import WayOut
from deployer.promotions.states import ACTIVE, PromotionState
from deployer.releases.models import Deployment
from deployer.web.promoting.going_back import ways_back

BY_HAND = frozenset({BlockerKind.MANUAL, BlockerKind.TRUST_ISSUE})
"""What a person passes by asking for the promotion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`does` says it within a sentence: "roll it back"."""

    label: str
    does: str
    link: str
    warns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """`why_not` says who may, to someone who may not; there is nothing to do when both are empty."""

    offers: Sequence[Offer]
    why_not: str = ""


def offers_on(promotion: Promotion, rights: Rights) -> Offers:
    application, environment = promotion.application, promotion.environment
    holds = list(Hold.objects.open().touching(application_id=application.pk, environment_id=environment.pk))
    found = [*_promote(promotion), *_roll_back(promotion, holds), *_abort(promotion)]
    if rights.may_work_on(application):
        return Offers(offers=found if holds else [*found, _hold(promotion)])
    if not found:
        return Offers(offers=[])
    *first, last = (offer.does for offer in found)
    what = f"{', '.join(first)} or {last}" if first else last
    return Offers(offers=[], why_not=f"Developers of {application.owner} and release managers can {what}.")


def waits_for_a_person(promotion: Promotion) -> bool:
    """Whether it goes no further until a person asks for it."""
    waits = promotion.state == PromotionState.WAITING
    return waits and any(blocker.kind in BY_HAND for blocker in promotion.waits_for)


def _promote(promotion: Promotion) -> Iterator[Offer]:
    """Here, or where its release waits further on."""
    waiting = Promotion.objects.waiting().with_names().filter(kind=PromotionKind.FORWARD, release=promotion.release_id)
    for one in waiting.order_by("target__environment__position"):
        if waits_for_a_person(one):
            to = f"to {one.environment.name.lower()}"
            link = reverse("promotion-promote", args=[one.pk])
            yield Offer(label=f"Promote {to}", does=f"promote it {to}", link=link)


def _roll_back(promotion: Promotion, holds: Sequence[Hold]) -> Iterator[Offer]:
    """Of what is live, or on its way. Where it left a hold this is the way out of that, which lifts it."""
    live = Deployment.objects.live_on(promotion.target_id)
    is_live = live is not None and promotion.brought is not None and live.pk == promotion.brought.pk
    if (is_live or promotion.state in ACTIVE) and not promotion.is_rollback and ways_back(promotion.target):
        own = next((hold for hold in holds if hold.promotion_id == promotion.pk), None)
        link = reverse("roll-back", args=[promotion.application.slug, promotion.environment.slug])
        if own is not None:
            link = reverse("hold-way", args=[own.pk, WayOut.ROLL_BACK.slug])
        yield Offer(label="Roll back", does="roll it back", link=link, warns=True)


def _abort(promotion: Promotion) -> Iterator[Offer]:
    if promotion.is_open and not promotion.abort_requested_by:
        link = reverse("promotion-abort", args=[promotion.pk])
        yield Offer(label="Abort", does="abort it", link=link, warns=True)


def _hold(promotion: Promotion) -> Offer:
    scope = urlencode({"application": promotion.application.slug, "environment": promotion.environment.slug})
    label = f"Put {promotion.application} on hold"
    return Offer(label=label, does="put it on hold", link=f"{reverse('hold-new')}?{scope}")
