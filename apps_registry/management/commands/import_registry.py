"""manage.py import_registry: who owns what, from a file that an organisation already keeps."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps_registry.importers.apply import Report, apply
from apps_registry.importers.base import Registry, RegistryFileError
from apps_registry.importers.read import Format, read
from deployer.access.operator import operator


class Command(BaseCommand):
    help = (
        "Import applications and their teams from GOV.UK's repos.yml or Backstage's catalog-info.yaml. "
        "A second run changes nothing. A bad entry is printed with its line and the rest goes in; "
        "the exit code is then 1. Nothing is ever removed: a retired application is archived."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Print what would change, and change nothing.")
        parser.add_argument(
            "--format", type=Format, choices=list(Format), default=Format.AUTO, help="Told from the content by default."
        )
        parser.add_argument(
            "--environments",
            default="",
            metavar="NAME,NAME",
            help="Where an application that has no target gets them, in the order of promotion, production last; "
            "missing environments are made. By default all that there are, "
            "or integration,staging,production when there is none.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        dry_run: bool = options["dry_run"]
        environments = [name.strip() for name in options["environments"].split(",") if name.strip()]
        try:
            registry = read(file, options["format"])
            report = apply(
                registry,
                environments=environments,
                by=operator(),
                now=timezone.now(),
                reason=f"Import of {file.name}",
                dry_run=dry_run,
            )
        except RegistryFileError as error:
            at = f"{file}:{error.line}:" if error.line else str(file)
            raise CommandError(f"{at} {error} Nothing was imported.") from error
        except ValidationError as error:
            raise CommandError(f"--environments: {' '.join(error.messages)} Nothing was imported.") from error
        self._print(file, registry, report, dry_run=dry_run)

    def _print(self, file: Path, registry: Registry, report: Report, *, dry_run: bool) -> None:
        for change in report.changes:
            self.stdout.write(change)
        for problem in report.problems:
            self.stderr.write(f"{file}:{problem.line}: {problem.message}")
        for note in registry.notes:
            self.stdout.write(f"{file}:{note.line}: note: {note.message}")
        for text in report.notes:
            self.stdout.write(f"note: {text}")
        self.stdout.write(_summary(registry, report, dry_run=dry_run))
        if report.problems:
            raise CommandError(_verdict(report, dry_run=dry_run))


def _summary(registry: Registry, report: Report, *, dry_run: bool) -> str:
    skipped = ", ".join(f"{count} {kind}" for kind, count in registry.skipped.most_common())
    parts = [f"The file has {len(registry.applications)} applications of {len(registry.teams)} teams."]
    if skipped:
        parts.append(f"Skipped {registry.skipped.total()} that are not hosted applications: {skipped}.")
    if not report.changes:
        parts.append("Nothing to change.")
    elif dry_run:
        parts.append(f"This was a dry run: {len(report.changes)} changes to make, none made.")
    else:
        parts.append(f"{len(report.changes)} changes made.")
    return " ".join(parts)


def _verdict(report: Report, *, dry_run: bool) -> str:
    number = len({problem.line for problem in report.problems})
    told = (
        "1 entry has a problem, told above with its line."
        if number == 1
        else f"{number} entries have a problem, told above with their lines."
    )
    return f"{told} The rest {'would be' if dry_run else 'was'} imported."
