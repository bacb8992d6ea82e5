"""What an import tells, and where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps_registry.importers.base import EntryError, Problem
from deployer.audit.actor import Actor


@dataclass(slots=True)
class Report:
    """What an import changed, a line each; what it could not take of the file; and what a person should know."""

    changes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def attempt(self, line: int, write: Callable[[], str | None]) -> None:
        """Write an entry in a savepoint; what refuses it becomes a problem of its line, and its part is taken back."""
        try:
            with transaction.atomic():
                change = write()
        except EntryError as error:
            self.problems.append(error.problem)
        except ValidationError as error:
            self.problems.append(Problem(line, " ".join(error.messages)))
        else:
            if change:
                self.changes.append(change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who imports, when and from which file."""

    by: Actor
    now: datetime
    file: str

    @property
    def reason(self) -> str:
        return f"Import of {self.file}"
