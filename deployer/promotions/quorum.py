"""Who may approve a promotion, and whose approvals of it count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from apps_registry.rights import Rights, rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.promotions.models import Approval, Promotion
from deployer.releases.models import Change, Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Who can't approve, by the target's policy: the ids of who asked, and the authors' addresses and names in lower
    case."""

    asked: frozenset[int] = frozenset()
    authors: frozenset[str] = frozenset()

    def why(self, person: User) -> str:
        """The reason, as the end of "can't approve it: …"; empty when nothing bars them."""
        if person.pk in self.asked:
            return "you asked for it, and here somebody else has to approve"
        if self.authors & {_plain(one) for one in (person.email, person.get_full_name(), person.get_username())}:
            return "you are an author of its changes, and here somebody else has to approve"
        return ""


def needs_approval(promotion: Promotion) -> bool:
    """A rollback never does: it is wanted quickly, and goes to what was verified."""
    return promotion.target.approvals_needed > 0 and not promotion.is_rollback


def barred(promotion: Promotion) -> Barred:
    """One query at most for each of the two policies."""
    target = promotion.target
    return Barred(
        asked=_who_asked(promotion) if target.approval_by_others else frozenset(),
        authors=_authors(promotion) if target.approval_not_by_authors else frozenset(),
    )


def counted(promotion: Promotion, now: datetime) -> list[Approval]:
    """The approvals that count now, the first first: not too old, by people who may work on the application still, and
    by nobody who is barred, meanwhile or at all."""
    since = now - timedelta(seconds=promotion.target.approval_lasts)
    given = promotion.approvals.given().filter(at__gt=since, person__is_active=True).select_related("person")
    found = list(given)
    if not found:
        return []
    bars = barred(promotion)
    free = [approval for approval in found if not bars.why(approval.person)]
    return [one for one in free if rights_of_user(one.person).may_work_on(promotion.application)]


def asked_until(promotion: Promotion) -> datetime | None:
    """When the asking is over; None before people were asked."""
    if promotion.approval_asked_at is None:
        return None
    return promotion.approval_asked_at + timedelta(seconds=promotion.target.approval_lasts)


def brought(promotion: Promotion) -> QuerySet[Change]:
    """The changes that it brings to its target, those of skipped releases included; the newest release's first."""
    release, live = promotion.release, Deployment.objects.live_on(promotion.target_id)
    changes = Change.objects.select_related("release").order_by("-release__order", "position")
    if live is None or live.release.order >= release.order:
        return changes.filter(release=release)
    return changes.filter(
        release__application=release.application_id,
        release__order__gt=live.release.order,
        release__order__lte=release.order,
    )


def who_may(promotion: Promotion) -> list[User]:
    """Whom to ask: the owning team's developers, and release managers besides where these are too few."""
    bars = barred(promotion)
    active = User.objects.filter(is_active=True).order_by("pk")
    team = active.filter(role=Role.DEVELOPER, is_superuser=False, memberships__team=promotion.application.owner_id)
    found = _not_barred(team, bars)
    if len(found) < promotion.target.approvals_needed:
        found += _not_barred(active.filter(Q(role=Role.RELEASE_MANAGER) | Q(is_superuser=True)), bars)
    return found


def why_no_answer(promotion: Promotion, rights: Rights) -> str:
    """Why they can neither approve nor reject this waiting promotion; empty when they can."""
    if rights.user is None or rights.actor.kind != ActorKind.USER:
        return "Only a person who is signed in can approve or reject: a token or a terminal can't."
    if not rights.may_work_on(promotion.application):
        return (
            f"Only developers of {promotion.application.owner} and release managers can approve or reject this: "
            f"{promotion.application} is not yours."
        )
    return ""


def why_not_approve(promotion: Promotion, rights: Rights) -> str:
    """Why they can't approve it; empty when they can."""
    why = why_no_answer(promotion, rights)
    if why or rights.user is None:
        return why
    bar = barred(promotion).why(rights.user)
    return f"You can't approve it: {bar}." if bar else ""


def _not_barred(people: Iterable[User], bars: Barred) -> list[User]:
    return [person for person in people if not bars.why(person)]


def _who_asked(promotion: Promotion) -> frozenset[int]:
    """By the events, which know who it was where the promotion has a name."""
    asked = Event.objects.filter(
        promotion_id=promotion.pk, kind="promotion.requested", actor_kind=ActorKind.USER
    ).values_list("actor_ref", flat=True)
    return frozenset(int(ref) for ref in asked if ref.isdecimal())


def _authors(promotion: Promotion) -> frozenset[str]:
    found = brought(promotion).order_by().values_list("author_email", "author_name").distinct()
    return frozenset(_plain(one) for author in found for one in author if one.strip())


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
