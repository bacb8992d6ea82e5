"""What a sign-in by a provider makes of what the provider says: account, teams and role, in one transaction."""

from collections.abc import Collection, Mapping
from itertools import count
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from social_core.backends.base import BaseAuth
from social_core.exceptions import AuthPolicyError
from social_django.models import UserSocialAuth

from apps_registry.models import Membership, Team
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.access.sign_in.accounts import Claims, claims_of, identity_of, open_account, update_account
from deployer.access.sign_in.roles import RoleGroups, admin_by, role_by
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.changes import record_change, values_of

ATTEMPTS = 5

CLOSED = "account_closed"
"""The code of the error that refuses someone whose account was made inactive."""


def sign_in(
    *,
    backend: BaseAuth[Any],
    uid: str,
    id_key: str,
    details: Mapping[str, Any],
    groups: list[str] | None,
    **_: Any,
) -> dict[str, Any]:
    """The last step of social-auth's pipeline.

    `groups` is None when the provider isn't asked for any: teams and role are left alone then. Raises
    AuthPolicyError for an account that was made inactive.
    """
    claims = claims_of(provider=backend.name, uid=uid, id_key=id_key, details=details)
    for attempt in count(1):
        try:
            identity, is_new = _take_in(claims, groups, backend)
            break
        except IntegrityError:
            # Another first sign-in was quicker, of the same person or of one of the same name: now both are found.
            if attempt == ATTEMPTS:
                raise
    return {"user": identity.user, "social": identity, "is_new": is_new}


@transaction.atomic
def _take_in(claims: Claims, groups: list[str] | None, backend: BaseAuth[Any]) -> tuple[UserSocialAuth, bool]:
    by = Actor(ActorKind.SYSTEM, f"sign-in-{claims.provider}", f"{settings.SIGN_IN_PROVIDERS[claims.provider]} sign-in")
    found = identity_of(claims)
    identity = found or open_account(claims, by=by)
    # Locked, so that what two sign-ins of one person write comes from one of them.
    person = identity.user = User.objects.select_for_update().get(pk=identity.user_id)
    if not person.is_active:
        raise AuthPolicyError(backend, code=CLOSED, stage="pipeline")
    role, admin = None, None
    if groups is not None:
        named = role_groups()
        joined = sync_memberships(person, groups, by=by)
        in_a_team = Membership.objects.filter(user=person).exists()
        role, admin = role_by(groups, named, in_a_team=in_a_team), admin_by(groups, named)
        if role is None and joined and person.role == Role.VIEWER and not (named.release_manager or named.developer):
            # Nobody has said who develops: who joins a team does, until an admin says otherwise.
            role = Role.DEVELOPER
    update_account(person, claims, role=role, admin=admin, by=by)
    return identity, found is None


def role_groups() -> RoleGroups:
    return RoleGroups(
        admin=frozenset(settings.ADMIN_GROUPS),
        release_manager=frozenset(settings.RELEASE_MANAGER_GROUPS),
        developer=frozenset(settings.DEVELOPER_GROUPS),
    )


def sync_memberships(person: User, groups: Collection[str], *, by: Actor) -> bool:
    """Put the person into the teams of these groups and out of others that have groups; whether they joined any.

    Teams without sign-in groups are left alone: their members are the admins' to choose.
    """
    managed = [team for team in Team.objects.all() if team.sign_in_groups]
    wanted = {team.pk for team in managed if not set(team.sign_in_groups).isdisjoint(groups)}
    present = {one.team_id: one for one in Membership.objects.filter(user=person).select_related("user", "team")}
    for team in managed:
        membership = present.get(team.pk)
        if team.pk in wanted and membership is None:
            made = Membership.objects.create(user=person, team=team)
            record_change(made, None, values_of(made), by=by)
        elif team.pk not in wanted and membership is not None:
            values = values_of(membership)
            membership.delete()
            record_change(membership, values, None, by=by)
    return bool(wanted - set(present))
