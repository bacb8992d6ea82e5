"""The accounts of people who sign in by a provider.

An account is found by the provider's own id of the person and by nothing else: never by an e-mail address or a user
name, which a provider may let people choose. Everything here is called in the transaction of one sign-in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from social_django.models import UserSocialAuth

from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.actor import Actor
from deployer.audit.changes import record_change, stored_values, values_of

USERNAME_LENGTH = 140
NAME_LENGTH = 150
EMAIL_LENGTH = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a provider says of someone. `uid` is its id of them, with the issuer; the rest may be empty."""

    provider: str
    uid: str
    id_key: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def claims_of(*, provider: str, uid: str, id_key: str, details: Mapping[str, Any]) -> Claims:
    """As they can be stored: names cut and rid of control characters, without an e-mail address that is none."""
    names = {name: _plain(details.get(name)) for name in ("username", "first_name", "last_name", "email")}
    return Claims(
        provider=provider,
        uid=uid,
        id_key=id_key,
        username=names["username"],
        first_name=names["first_name"][:NAME_LENGTH],
        last_name=names["last_name"][:NAME_LENGTH],
        email=names["email"] if _is_email(names["email"]) else "",
    )


def identity_of(claims: Claims) -> UserSocialAuth | None:
    """The identity that signed in before, with its account."""
    found = UserSocialAuth.objects.select_related("user").filter(provider=claims.provider, uid=claims.uid)
    return found.first()


def open_account(claims: Claims, *, by: Actor) -> UserSocialAuth:
    """A first sign-in: a viewer's account that no password opens.

    Raises IntegrityError when another sign-in was quicker with this identity or user name.
    """
    person = User(username=_free_username(claims.username))
    person.set_unusable_password()
    person.save()
    record_change(person, None, values_of(person), by=by)
    return UserSocialAuth.objects.create(user=person, provider=claims.provider, uid=claims.uid, id_key=claims.id_key)


def update_account(person: User, claims: Claims, *, role: Role | None, admin: bool | None, by: Actor) -> None:
    """Take over name, e-mail address and role. What the provider doesn't say stays, and so does a role that is None."""
    before = stored_values(person)
    given = {"first_name": claims.first_name, "last_name": claims.last_name, "email": claims.email, "role": role}
    values: dict[str, Any] = {name: value for name, value in given.items() if value}
    if admin is not None:
        values |= {"is_superuser": admin, "is_staff": admin}
    for name, value in values.items():
        setattr(person, name, value)
    if values:
        person.save(update_fields=list(values))
    record_change(person, before, values_of(person), by=by)


def _plain(value: object) -> str:
    return "".join(char for char in value if char.isprintable()).strip() if isinstance(value, str) else ""


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return len(value) <= EMAIL_LENGTH


def _free_username(wanted: str) -> str:
    """The name wanted, or with a number behind it. Capitals don't make another name: `Admin` isn't `admin`."""
    base = re.sub(r"[^\w.@+-]+", "-", wanted).strip("-")[:USERNAME_LENGTH] or "person"
    for name in chain([base], (f"{base}-{number}" for number in count(2))):
        if not User.objects.filter(username__iexact=name).exists():
            return name
    raise AssertionError("There is always a next number.")
