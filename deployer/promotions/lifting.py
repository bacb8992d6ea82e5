"""What a reader can do about what a promotion waits for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from apps_registry.rights import Rights
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.models import Promotion

SEE = {
    BlockerKind.MANUAL: "See how it is promoted",
    BlockerKind.HOLD: "See the hold and its ways out",
    BlockerKind.FREEZE: "See the freeze",
    BlockerKind.APPROVAL: "See what is to be approved",
    BlockerKind.SLOT: "See the slot",
    BlockerKind.NO_SLOT: "See the slots",
    BlockerKind.VETO: "See the veto",
    BlockerKind.PIN: "See the pin",
    BlockerKind.TRUST_ISSUE: "See the trust issue",
    BlockerKind.WINDOW: "See the hours",
    BlockerKind.HOLIDAY: "See the hours",
    BlockerKind.BUSY: "See what runs",
    BlockerKind.QUEUE: "See what goes first",
    BlockerKind.CAPACITY: "See what runs",
    BlockerKind.EXCLUSION: "See what runs",
}
BY_HAND = frozenset({BlockerKind.MANUAL, BlockerKind.TRUST_ISSUE})
"""What a person passes by asking for the promotion."""

ABOUT_ENVIRONMENT = frozenset({BlockerKind.CAPACITY, BlockerKind.EXCLUSION})


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBlocker:
    """A blocker with the ways to what can be done about it, for who reads the page."""

    blocker: Blocker
    links: Sequence[Link]


def shown_blocker(blocker: Blocker, promotion: Promotion, rights: Rights, *, may_override: bool) -> ShownBlocker:
    """No query. Nobody is sent to a page that refuses them."""
    return ShownBlocker(blocker=blocker, links=list(_links(blocker, promotion, rights, may_override=may_override)))


def _links(blocker: Blocker, promotion: Promotion, rights: Rights, *, may_override: bool) -> Iterator[Link]:
    works = rights.may_work_on(promotion.application)
    if blocker.kind in BY_HAND and works and not promotion.is_rollback:
        yield Link("Promote it", reverse("promotion-promote", args=[promotion.pk]))
    if blocker.kind == BlockerKind.APPROVAL and works:
        yield Link("Approve or reject it", reverse("promotion-approve", args=[promotion.pk]))
    elif blocker.link and blocker.link != promotion.get_absolute_url():
        books = blocker.link.startswith("/slots/new/")
        yield Link("Book a slot" if books else SEE.get(blocker.kind, "See what it waits for"), blocker.link)
    elif blocker.kind in ABOUT_ENVIRONMENT:
        yield Link(f"See {promotion.environment.name.lower()}", promotion.environment.get_absolute_url())
    elif blocker.kind == BlockerKind.QUEUE:
        yield Link(f"See {promotion.application}", promotion.application.get_absolute_url())
    if blocker.overridable and may_override:
        yield Link("Override it", reverse("promotion-override", args=[promotion.pk]))
