"""What can be done about a promotion from its page, and by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from apps_registry.rights import Rights
from deployer.promotions.lifting import BY_HAND
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import WayOut
from deployer.promotions.states import ACTIVE, STOPPED, PromotionState
from deployer.releases.models import Deployment
from deployer.web.promoting.going_back import has_way_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`does` says it within a sentence: "roll it back"."""

    label: str
    does: str
    link: str
    warns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """What can't be done now, and the reason."""

    label: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """`why_not` says who may, to someone who may not; there is nothing to do when both are empty. `others` is what
    nobody can do now."""

    offers: Sequence[Offer]
    why_not: str = ""
    others: Sequence[NotNow] = ()


def offers_on(promotion: Promotion, rights: Rights) -> Offers:
    """About ten queries."""
    application, environment = promotion.application, promotion.environment
    holds = list(Hold.objects.open().touching(application_id=application.pk, environment_id=environment.pk))
    steps = [*_promote(promotion), *_again(promotion, holds), *_roll_back(promotion, holds), *_abort(promotion)]
    found = [one for one in steps if isinstance(one, Offer)]
    others = [one for one in steps if isinstance(one, NotNow)]
    if rights.may_work_on(application):
        return Offers(offers=found if holds else [*found, _hold(promotion)], others=others)
    if not found:
        return Offers(offers=[], others=others)
    *first, last = (offer.does for offer in found)
    what = f"{', '.join(first)} or {last}" if first else last
    return Offers(
        offers=[], why_not=f"Developers of {application.owner} and release managers can {what}.", others=others
    )


def waits_for_a_person(promotion: Promotion) -> bool:
    """Whether it goes no further until a person asks for it."""
    waits = promotion.state == PromotionState.WAITING
    return waits and any(blocker.kind in BY_HAND for blocker in promotion.waits_for)


def _promote(promotion: Promotion) -> Iterator[Offer | NotNow]:
    """Here, or where its release waits further on."""
    waiting = Promotion.objects.waiting().with_names().filter(kind=PromotionKind.FORWARD, release=promotion.release_id)
    offered = False
    for one in waiting.order_by("target__environment__position"):
        if waits_for_a_person(one):
            offered = True
            to = f"to {one.environment.name.lower()}"
            link = reverse("promotion-promote", args=[one.pk])
            yield Offer(label=f"Promote {to}", does=f"promote it {to}", link=link)
    if not offered and promotion.state == PromotionState.WAITING:
        yield NotNow(label="Promote", why="It waits for something else than a person's asking: see why it waits.")


def _again(promotion: Promotion, holds: Sequence[Hold]) -> Iterator[Offer | NotNow]:
    """To try again what stopped; the hold that it left has the ways to do that."""
    if promotion.state not in STOPPED:
        return
    own = next((hold for hold in holds if hold.promotion_id == promotion.pk), None)
    if own is not None:
        yield Offer(label="Retry, or another way out", does="retry it", link=own.get_absolute_url())
        return
    retry = promotion.retries.order_by("-pk").first()
    if retry is not None:
        why = f"It was tried again by promotion {retry.pk}, which is {retry.get_state_display().lower()}."
    else:
        why = "The hold that it left has been lifted: ask for the release again from its page."
    yield NotNow(label="Retry", why=why)


def _roll_back(promotion: Promotion, holds: Sequence[Hold]) -> Iterator[Offer | NotNow]:
    """Of what is live, or on its way. Where it left a hold this is the way out of that, which lifts it."""
    live = Deployment.objects.live_on(promotion.target_id)
    is_live = live is not None and promotion.brought is not None and live.pk == promotion.brought.pk
    where = promotion.environment.name.lower()
    if promotion.is_rollback:
        yield NotNow(label="Roll back", why="A rollback is never rolled back: go on with a newer release.")
    elif not (is_live or promotion.state in ACTIVE):
        if promotion.brought is not None and live is not None:
            yield NotNow(label="Roll back", why=f"It is live no more: {live.release.version} is, in {where}.")
    elif not has_way_back(promotion.target):
        why = f"No older release was verified in {where} and is still good."
        yield NotNow(label="Roll back", why=why)
    else:
        own = next((hold for hold in holds if hold.promotion_id == promotion.pk), None)
        link = reverse("roll-back", args=[promotion.application.slug, promotion.environment.slug])
        if own is not None:
            link = reverse("hold-way", args=[own.pk, WayOut.ROLL_BACK.slug])
        yield Offer(label="Roll back", does="roll it back", link=link, warns=True)


def _abort(promotion: Promotion) -> Iterator[Offer | NotNow]:
    if not promotion.is_open:
        yield NotNow(label="Abort", why=f"It has ended: it is {promotion.get_state_display().lower()}.")
    elif promotion.abort_requested_by:
        yield NotNow(label="Abort", why=f"{promotion.abort_requested_by} has asked for that already.")
    else:
        link = reverse("promotion-abort", args=[promotion.pk])
        yield Offer(label="Abort", does="abort it", link=link, warns=True)


def _hold(promotion: Promotion) -> Offer:
    scope = urlencode({"application": promotion.application.slug, "environment": promotion.environment.slug})
    label = f"Put {promotion.application} on hold"
    return Offer(label=label, does="put it on hold", link=f"{reverse('hold-new')}?{scope}")
