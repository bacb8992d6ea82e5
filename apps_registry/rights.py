"""What a caller may do: the one place that turns roles, teams and tokens into rights."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps_registry.models.application import Application
from apps_registry.models.team import Membership, Team
from apps_registry.models.token_limit import covered_by
from deployer.access.models import ApiToken, User
from deployer.access.models.user import Role
from deployer.audit.actor import Actor
from deployer.refusal import NotAllowedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """`manages` is a release manager's right: every application, every freeze, and overrides. Others may work on the
    applications of `teams` and on `applications` (ids); a viewer has neither."""

    actor: Actor
    manages: bool = False
    teams: frozenset[int] = frozenset()
    applications: frozenset[int] = frozenset()
    user: User | None = None

    def may_work_on(self, application: Application) -> bool:
        """Whether they may book, freeze and promote it."""
        return self.manages or application.owner_id in self.teams or application.pk in self.applications

    def need_work_on(self, application: Application, *, to: str) -> None:
        """Raises NotAllowedError, saying who may, unless they may work on it. `to` is what they want, as "lift it"."""
        if not self.may_work_on(application):
            raise NotAllowedError(
                f"Only developers of {application.owner} and release managers may {to}: {application} is not yours."
            )

    def need_management(self, *, to: str) -> None:
        """Raises NotAllowedError unless they manage releases."""
        if not self.manages:
            raise NotAllowedError(f"Only release managers may {to}.")

    def may_work_on_all(self, *, applications: Iterable[Application], teams: Iterable[Team]) -> bool:
        """Whether everything that is named is theirs; naming nothing means everything, which is a manager's."""
        named, owners = list(applications), list(teams)
        if self.manages or not (named or owners):
            return self.manages
        return all(map(self.may_work_on, named)) and all(team.pk in self.teams for team in owners)


def rights_of_user(user: User) -> Rights:
    """A person's: superusers and release managers manage; a developer works on their teams' applications."""
    manages = user.is_superuser or user.role == Role.RELEASE_MANAGER
    teams: frozenset[int] = frozenset()
    if user.role == Role.DEVELOPER:
        teams = frozenset(Membership.objects.filter(user=user).values_list("team", flat=True))
    return Rights(actor=user.as_actor(), manages=manages, teams=teams, user=user)


def rights_of_token(token: ApiToken) -> Rights:
    """A token's, for the calls that its scopes allow. One that isn't limited works on every application, and only a
    person overrides."""
    if not token.limited:
        return Rights(actor=token.as_actor(), manages=True)
    teams = frozenset(token.limits.exclude(team=None).values_list("team", flat=True))
    return Rights(
        actor=token.as_actor(), teams=teams, applications=frozenset(covered_by(token).values_list("pk", flat=True))
    )


def rights_of_operator(actor: Actor) -> Rights:
    """Whoever is at a terminal of the machine may do everything."""
    return Rights(actor=actor, manages=True)
