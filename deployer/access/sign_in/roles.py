"""Which role groups give. Pure: docs/access.md has the same as a table."""

from collections.abc import Collection
from dataclasses import dataclass

from deployer.access.models.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGroups:
    """The groups that the operator has named for each role. An empty list gives no role and takes none away."""

    admin: frozenset[str] = frozenset()
    release_manager: frozenset[str] = frozenset()
    developer: frozenset[str] = frozenset()


def admin_by(groups: Collection[str], named: RoleGroups) -> bool | None:
    """Whether the groups make an admin; None when that is for the admins to say."""
    return bool(named.admin.intersection(groups)) if named.admin else None


def role_by(groups: Collection[str], named: RoleGroups, *, in_a_team: bool) -> Role | None:
    """The role that the groups give; None when that is for the admins to say.

    Where only release managers are named, whoever is in a team is a developer.
    """
    if not (named.release_manager or named.developer):
        return None
    if named.release_manager.intersection(groups):
        return Role.RELEASE_MANAGER
    develops = bool(named.developer.intersection(groups)) if named.developer else in_a_team
    return Role.DEVELOPER if develops else Role.VIEWER
