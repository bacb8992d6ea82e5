"""The addresses that a secret opens, as they are shown when it has been made."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from apps_registry.models import Application, Environment, Team
from deployer.access.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`what` is shown at `url`, a whole one."""

    what: str
    url: str

    @property
    def webcal(self) -> str:
        """What a calendar program opens by itself."""
        return f"webcal:{self.url.partition(':')[2]}"


def addresses_of(person: User, secret: str) -> list[Address]:
    """Their own, their teams', every environment's, an application's as an example, and those of freezes."""
    teams = list(Team.objects.filter(memberships__user=person))
    found = [_address("My slots", "feed-my", secret)]
    found += [_address(f"Slots of {team.name}", "feed-team", secret, team.slug) for team in teams]
    found += [
        _address(f"Slots in {one.name.lower()}", "feed-environment", secret, one.slug)
        for one in Environment.objects.all()
    ]
    example = _example(person)
    if example is not None:
        found.append(_address(f"Slots of {example}", "feed-application", secret, example.slug))
    found.append(_address("All freezes", "feed-freezes", secret))
    found += [_address(f"Freezes of {team.name}", "feed-freezes", secret, query=f"?team={team.slug}") for team in teams]
    return found


def _example(person: User) -> Application | None:
    """One of theirs, if there is one."""
    active = Application.objects.active()
    return active.filter(owner__memberships__user=person).first() or active.first()


def _address(what: str, name: str, *arguments: str, query: str = "") -> Address:
    return Address(what=what, url=f"{settings.BASE_URL}{reverse(name, args=arguments)}{query}")
