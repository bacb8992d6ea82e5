"""What a person may do, in words. The rights themselves are apps_registry/rights.py's."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps_registry.models import Team
from deployer.access.models import User
from deployer.access.models.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`role` is its name; `may` says what it lets them do."""

    role: str
    may: str


def standing_of(person: User, teams: Sequence[Team]) -> Standing:
    """Pure, of what is given."""
    if not person.is_active:
        return Standing(role=_role(person), may="They may not sign in any more, and do nothing.")
    if person.is_superuser or person.role == Role.RELEASE_MANAGER:
        every = (
            "book, freeze, promote and roll back every application, stop everything, and override what is in its way"
        )
        more = " They give people their rights in the admin." if person.is_superuser else ""
        return Standing(role=_role(person), may=f"They may {every}.{more}")
    if person.role != Role.DEVELOPER:
        return Standing(role=_role(person), may="They may look at everything and change nothing.")
    if not teams:
        return Standing(
            role=_role(person),
            may="They may look at everything. They are in no team, whose applications they would work on.",
        )
    names = ", ".join(team.name for team in teams)
    return Standing(
        role=_role(person),
        may=f"They may book, freeze, promote, approve and roll back applications of {names}, and look at all others.",
    )


def _role(person: User) -> str:
    return "Admin" if person.is_superuser else Role(person.role).label
