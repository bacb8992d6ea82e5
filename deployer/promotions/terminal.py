"""What the commands at the terminal share: finding things by name, and saying why something is refused."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps_registry.models import Application, Environment, Target
from deployer.gates import Blocker
from deployer.refusal import RefusedError
from deployer.releases.models import Release


class ActionCommand(BaseCommand):
    """A command that has one action done: `act` does it, and what the action refuses is said without a traceback."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.act(options)
        except RefusedError as error:
            raise CommandError(str(error)) from error

    def act(self, options: dict[str, Any]) -> None:
        raise NotImplementedError


def find_application(slug: str) -> Application:
    """Raises CommandError with the nearest names."""
    found = Application.objects.select_related("owner").filter(slug=slug).first()
    if found is None:
        near = ", ".join(Application.objects.filter(slug__contains=slug[:4]).values_list("slug", flat=True)[:5])
        raise CommandError(f"There is no application {slug!r}." + (f" Did you mean: {near}?" if near else ""))
    return found


def find_environment(slug: str) -> Environment:
    """Raises CommandError with the names there are."""
    found = Environment.objects.filter(slug=slug).first()
    if found is None:
        names = ", ".join(Environment.objects.values_list("slug", flat=True))
        raise CommandError(f"There is no environment {slug!r}: there are {names or 'none yet'}.")
    return found


def find_target(application: Application, environment: Environment) -> Target:
    """Raises CommandError."""
    targets = Target.objects.select_related("application__owner", "environment")
    found = targets.filter(application=application, environment=environment).first()
    if found is None:
        raise CommandError(f"{application} has no target in {environment}; an admin can add one.")
    return found


def find_release(application: Application, version: str) -> Release:
    """Raises CommandError with the newest versions."""
    found = Release.objects.select_related("application").filter(application=application, version=version).first()
    if found is None:
        newest = Release.objects.filter(application=application).order_by("-number")
        names = ", ".join(newest.values_list("version", flat=True)[:5])
        raise CommandError(f"{application} has no release {version!r}. The newest: {names or 'none yet'}.")
    return found


def time_of(text: str | None) -> datetime | None:
    """By the server's clocks where it names no zone. Raises CommandError."""
    if text is None:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"{text!r} is no time: write it such as 2026-12-22T09:00.")
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def reason(blocker: Blocker) -> str:
    """Why something waits, until when, and who can change that, in one line."""
    until = f" Until {timezone.localtime(blocker.until):%-d %b %H:%M %Z}." if blocker.until else ""
    return f"{blocker.sentence}{until} {blocker.who}."
