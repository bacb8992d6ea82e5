"""Brings the freezes in line with what a file says, or says what that would change."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from apps_registry.importers.base import EntryError, Problem
from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment
from apps_registry.rights import rights_of_operator
from deployer.calendar.actions.freezes import NewFreeze, declare, record_freeze, when
from deployer.calendar.importers.freezes_csv import FreezeEntry, FreezesFile
from deployer.calendar.importers.report import Origin, Report
from deployer.calendar.models import Freeze
from deployer.calendar.signals import calendar_changed, freeze_declared
from deployer.calendar.words import moment

FEW = 4


def apply_freezes(file: FreezesFile, origin: Origin, *, declared_by: str, allows_by_hand: bool) -> Report:
    """Write the freezes that are not here yet, and the end of those that have ended since; nothing is removed.

    `declared_by` is who declared them; `allows_by_hand` says whether deploys by hand passed them. A row whose
    application or environment is not here is a problem of its line. Must be inside a transaction.
    """
    lock_environments()
    return _Freezes(origin, declared_by, allows_by_hand=allows_by_hand).run(file)


class _Freezes:
    def __init__(self, origin: Origin, declared_by: str, *, allows_by_hand: bool) -> None:
        self.origin = origin
        self.declared_by = declared_by
        self.allows_by_hand = allows_by_hand
        self.report = Report()
        self.environments = {one.slug: one for one in Environment.objects.all()}
        self.applications = {one.slug: one for one in Application.objects.select_related("owner")}

    def run(self, file: FreezesFile) -> Report:
        self.report.problems += file.problems
        for entry in file.entries:
            self.report.attempt(entry.line, partial(self._take, entry))
        self.report.problems.sort(key=lambda problem: problem.line)
        return self.report

    def _take(self, entry: FreezeEntry) -> str | None:
        environment = self.environments.get(entry.environment)
        if environment is None:
            names = ", ".join(self.environments) or "none yet"
            rows = f"; its {len(entry.applications)} rows were not taken" if len(entry.applications) > 1 else ""
            raise EntryError(entry.line, f"There is no environment {entry.environment!r}: there are {names}{rows}.")
        applications = list(self._known(entry.applications))
        if not applications:
            return None
        freeze = self._find(entry, environment, applications)
        if freeze is None:
            return self._create(entry, environment, applications)
        return self._complete(freeze, entry, applications)

    def _known(self, slugs: Mapping[str, int]) -> Iterator[Application]:
        """Those that are here. The others are problems of their lines."""
        for slug, line in slugs.items():
            if slug in self.applications:
                yield self.applications[slug]
            else:
                message = f"There is no application {slug!r} here: add it or import the registry first."
                self.report.problems.append(Problem(line, message))

    def _find(self, entry: FreezeEntry, environment: Environment, applications: Sequence[Application]) -> Freeze | None:
        """What an earlier import made of the entry. An application was frozen in an environment but once at a time, so
        that tells, whatever became of the freeze's end and reason here."""
        found = Freeze.objects.filter(
            declared_by=self.declared_by,
            starts_at=entry.starts_at,
            environments=environment,
            applications__in=applications,
        )
        return found.with_scope().distinct().order_by("pk").first()

    def _create(self, entry: FreezeEntry, environment: Environment, applications: Sequence[Application]) -> str:
        new = NewFreeze(
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            reason=entry.reason,
            environments=[environment],
            applications=applications,
            allows_by_hand=self.allows_by_hand,
        )
        is_over = new.ends_at is not None and new.ends_at <= self.origin.now
        freeze = self._write_past(new) if is_over else self._declare(new)
        return f"+ freeze of {_scope(freeze)}, {when(freeze)}: {freeze.reason}"

    def _declare(self, new: NewFreeze) -> Freeze:
        """It holds now or will: whoever it catches is told, as of any."""
        freeze = declare(new=new, rights=rights_of_operator(self.origin.by), now=self.origin.now)
        freeze.declared_by, freeze.declared_at = self.declared_by, min(new.starts_at, self.origin.now)
        freeze.save(update_fields=["declared_by", "declared_at"])
        return freeze

    def _write_past(self, new: NewFreeze) -> Freeze:
        """It is over, so it catches nothing and nobody is told."""
        freeze = Freeze.objects.create(
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            reason=new.reason,
            allows_by_hand=new.allows_by_hand,
            zone=new.zone,
            declared_by=self.declared_by,
            declared_at=new.starts_at,
        )
        freeze.environments.set(new.environments)
        freeze.applications.set(new.applications)
        freeze = Freeze.objects.with_scope().get(pk=freeze.pk)
        self._record(freeze, f"imported a freeze of {freeze.scope}, {when(freeze)}.")
        return freeze

    def _complete(self, freeze: Freeze, entry: FreezeEntry, applications: Sequence[Application]) -> str | None:
        """What the file knows more: applications that were not here at the earlier import, and an end."""
        held = set(freeze.applications.all())
        added = [one for one in applications if one not in held]
        differences = [f"also of {', '.join(map(str, added))}"] if added else []
        ends = entry.ends_at is not None and freeze.ends_at is None and freeze.lifted_at is None
        if ends:
            left = sorted(str(one) for one in held.difference(applications))
            if left:
                message = f"Freeze {freeze.pk} is to end, but goes on for {', '.join(left)}"
                raise EntryError(entry.line, f"{message}: lift it, and declare those anew.")
            freeze.ends_at = entry.ends_at
            differences.append(when(freeze))
        elif entry.ends_at not in (None, freeze.ends_at, freeze.lifted_at):
            self._note_other_end(freeze, entry)
        if not differences:
            return None
        self._change(freeze, added, "; ".join(differences))
        return f"~ freeze {freeze.pk} of {_scope(freeze)}: {'; '.join(differences)}"

    def _note_other_end(self, freeze: Freeze, entry: FreezeEntry) -> None:
        here = freeze.lifted_at or freeze.ends_at
        ends = f"ends {moment(here, freeze.zone)}" if here else "has no end"
        self.report.notes.append(Problem(entry.line, f"Freeze {freeze.pk} {ends} here, and that stays."))

    def _change(self, freeze: Freeze, added: Sequence[Application], what: str) -> None:
        freeze.sequence += 1
        freeze.save(update_fields=["ends_at", "sequence"])
        freeze.applications.add(*added)
        freeze = Freeze.objects.with_scope().get(pk=freeze.pk)
        self._record(freeze, f"changed the freeze of {_scope(freeze)} by an import: {what}.")
        by, now = self.origin.by, self.origin.now
        if not freeze.is_over(now):
            freeze_declared.send(sender=Freeze, freeze=freeze, by=by, now=now)
        environments = [one.pk for one in freeze.environments.all()]
        calendar_changed.send(sender=Freeze, environments=environments, applications=None, now=now)

    def _record(self, freeze: Freeze, did: str) -> None:
        record_freeze(freeze, "imported", did, by=self.origin.by, now=self.origin.now)


def _scope(freeze: Freeze) -> str:
    """What is frozen, in short."""
    count, where = freeze.applications.count(), ", ".join(map(str, freeze.environments.all()))
    return f"{count} applications in {where}" if count > FEW else freeze.scope
