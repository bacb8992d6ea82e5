"""Who looks at a page of the calendar, and when."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from apps_registry.rights import Rights, rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """`zone` is the IANA zone in which they read times and type them."""

    rights: Rights
    zone: str
    now: datetime

    @property
    def name(self) -> str:
        return self.rights.actor.label

    @property
    def why_no_booking(self) -> str:
        """Why they can book nothing, and what would change that; empty when they can."""
        if self.rights.manages or self.rights.teams or self.rights.applications:
            return ""
        user = self.rights.user
        if user is not None and user.role == Role.DEVELOPER:
            return (
                "You are in no team yet, and slots are booked for the applications of one's teams: an admin can add "
                "you to yours."
            )
        return (
            "Your account may look at everything and book nothing: developers book for their teams' applications, and "
            "an admin can make you one."
        )


def reader_of(request: HttpRequest) -> Reader:
    """Who is signed in, as every page requires."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This page is for who is signed in.")
    return Reader(rights=rights_of_user(user), zone=user.time_zone, now=timezone.now())
