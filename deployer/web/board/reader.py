"""What on the board is the reader's: of their teams, and to be moved by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from apps_registry.models import Membership
from apps_registry.rights import Rights
from deployer.promotions.models import Approval
from deployer.promotions.watchdog import Mover, StallKind
from deployer.web.board.index import Awaited, Entry
from deployer.web.stopped.rows import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReader:
    """`teams` (ids) are those that they are in, whatever their role; `answered` the promotions that they approved."""

    asker: Asker
    teams: frozenset[int]
    answered: frozenset[int]

    @classmethod
    def of(cls, rights: Rights, entries: Iterable[Entry]) -> Self:
        """Two queries."""
        teams = frozenset(Membership.objects.filter(user=rights.user).values_list("team", flat=True))
        asked = [one.promotion for entry in entries for one in entry.awaited if one.kind is StallKind.APPROVAL]
        answers = Approval.objects.filter(person=rights.user, promotion__in=asked) if asked else Approval.objects.none()
        return cls(
            asker=Asker(rights=rights, teams=rights.teams | (teams if rights.manages else frozenset())),
            teams=teams,
            answered=frozenset(answers.values_list("promotion", flat=True)),
        )

    def is_needed_by(self, entry: Entry) -> bool:
        """Whether something of it is theirs to move: as the page of what is stopped says."""
        if entry.holds and entry.owner in self.asker.teams:
            return True
        return any(self._is_theirs(one, entry.owner) for one in entry.awaited)

    def _is_theirs(self, awaited: Awaited, owner: int) -> bool:
        """A freeze is one thing to lift however much waits for it, and every page shows it above all else."""
        if awaited.kind is StallKind.FREEZE or awaited.promotion in self.answered:
            return False
        own = awaited.asked_by and awaited.asked_by == self.asker.rights.actor.label
        if awaited.mover is Mover.TEAM:
            return not own and owner in self.asker.teams
        rights = self.asker.rights
        return rights.manages if awaited.mover is Mover.MANAGERS else bool(rights.user and rights.user.is_superuser)
