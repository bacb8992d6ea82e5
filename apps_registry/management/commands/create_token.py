"""manage.py create_token: a token for a program that calls the API."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import models
from django.utils import timezone

from apps_registry.actions import create_token
from apps_registry.models import Application, Team
from deployer.access.models import ApiToken
from deployer.access.models.api_token import Scope
from deployer.access.operator import operator

_Row = TypeVar("_Row", bound=models.Model)


class Command(BaseCommand):
    help = "Make an API token and print its secret, which is shown this once and stored nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What uses it, such as ci-publishing-api.")
        parser.add_argument("--application", action="append", default=[], metavar="SLUG", help="May be repeated.")
        parser.add_argument(
            "--team", action="append", default=[], metavar="SLUG", help="All of a team's applications. May be repeated."
        )
        parser.add_argument("--all", action="store_true", help="Every application, those of the future too.")
        parser.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, help="What it may do. May be repeated."
        )
        parser.add_argument("--expires-in-days", type=int, metavar="N", help="By default it does not expire.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["application"] or options["team"]) == options["all"]:
            raise CommandError("Say what it reaches: --application or --team, or else --all.")
        name = _free_name(options["name"])
        expires_at = _expiry(options["expires_in_days"])
        _, secret = create_token(
            name=name,
            scopes=list(dict.fromkeys(options["scope"])),
            applications=_find(Application.objects.active(), options["application"], "application"),
            teams=_find(Team.objects.all(), options["team"], "team"),
            limited=not options["all"],
            expires_at=expires_at,
            by=operator(),
        )
        if options["json"]:
            expiry = expires_at.isoformat() if expires_at else None
            self.stdout.write(json.dumps({"name": name, "token": secret, "expires_at": expiry}))
            return
        self.stdout.write(f"Made the token {name}. Keep its secret now: it is not shown again.")
        self.stdout.write(secret)


def _free_name(name: str) -> str:
    field = ApiToken._meta.get_field("name")
    try:
        cleaned: str = field.clean(name.strip(), None)
    except ValidationError as error:
        raise CommandError(f"The name: {' '.join(error.messages)}") from error
    if ApiToken.objects.filter(name=cleaned).exists():
        raise CommandError(f"There is a token named {cleaned} already.")
    return cleaned


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= 3650:
        raise CommandError("--expires-in-days: give a number from 1 to 3650.")
    return timezone.now() + timedelta(days=days)


def _find(rows: models.QuerySet[_Row], slugs: Sequence[str], what: str) -> list[_Row]:
    found = list(rows.filter(slug__in=slugs))
    unknown = set(slugs) - {row.slug for row in found}  # type: ignore[attr-defined]
    if unknown:
        raise CommandError(f"There is no {what} {', '.join(sorted(unknown))}.")
    return found
