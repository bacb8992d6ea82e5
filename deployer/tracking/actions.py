"""Taking what a tracker tells, and telling the application's people."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Environment
from deployer.audit.actions import record, touch
from deployer.audit.actor import Actor, ActorKind
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment, Release
from deployer.tracking.models import ErrorState, TrackedError, TrackedProject
from deployer.tracking.payloads import Report, What

PRECISION = timedelta(seconds=10)
"""An error that occurs a thousand times a minute is not written a thousand times."""
SHORTEST_COMMIT = 7


class NotFollowedError(RefusedError):
    """No application follows the project; the message says what to do."""


@transaction.atomic
def receive(*, tracker: str, connection: str, report: Report, now: datetime | None = None) -> TrackedError:
    """Take a report: write the error, and an event when it is new or has come back. The same again changes nothing.

    Raises NotFollowedError.
    """
    now = now or timezone.now()
    project = _project(tracker, connection, report)
    error = TrackedError.objects.filter(project=project, key=report.key).first()
    if error is None:
        return _new(project, report, now)
    if error.state == ErrorState.OPEN:
        _carry_on(error, report, now)
    elif report.what is What.REGRESSED:
        _come_back(error, report, now)
    return error


def _project(tracker: str, connection: str, report: Report) -> TrackedProject:
    """Locked, so that two reports of the same new error make one row and one event."""
    found = TrackedProject.objects.select_related("application__owner", "environment").select_for_update(of=("self",))
    project = found.filter(tracker=tracker, connection=connection, project__in=report.projects).order_by("pk").first()
    if project is None:
        names = " or ".join(sorted(report.projects))
        raise NotFollowedError(
            f"No application follows the project {names}: add it in the admin, under Error tracking."
        )
    return project


def _new(project: TrackedProject, report: Report, now: datetime) -> TrackedError:
    """What is resolved or ignored before we hear of it is nobody's news."""
    error = TrackedError(project=project, key=report.key, first_seen=report.at, state=_state(report.what))
    _describe(error, report)
    _place(error, report)
    error.save()
    if error.state == ErrorState.OPEN:
        _tell(error, "new", "New error", now)
    return error


def _state(what: What) -> ErrorState:
    ended = {What.RESOLVED: ErrorState.RESOLVED, What.IGNORED: ErrorState.IGNORED}
    return ended.get(what, ErrorState.OPEN)


def _carry_on(error: TrackedError, report: Report, now: datetime) -> None:
    """An open error was seen again, or has ended. What was not known of it is filled in; that it has come nearer to
    production is news."""
    state = _state(report.what)
    knows_less = error.release is None or error.environment is None or error.is_inferred
    is_nearer = _is_nearer(error, report)
    if state == ErrorState.OPEN and not (knows_less or is_nearer) and report.at - error.last_seen < PRECISION:
        return
    error.state = state
    _describe(error, report)
    if is_nearer or (knows_less and (report.version or report.environment)):
        _place(error, report)
    error.save()
    if is_nearer and state == ErrorState.OPEN:
        _tell(error, "new", "An open error was now seen", now)
    else:
        touch(application=error.project.application.slug, subject=f"error:{error.pk}")


def _is_nearer(error: TrackedError, report: Report) -> bool:
    """Whether it is reported from an environment after the one that is known."""
    if error.environment is None or error.project.environment is not None:
        return False
    reported = _environment(report.environment)
    return reported is not None and reported.position > error.environment.position


def _come_back(error: TrackedError, report: Report, now: datetime) -> None:
    error.state = ErrorState.OPEN
    _describe(error, report)
    if report.version or report.environment:
        _place(error, report)
    error.save()
    _tell(error, "regressed", "An error has come back", now)


def _describe(error: TrackedError, report: Report) -> None:
    error.title = report.title
    for name in ("culprit", "url", "level"):
        setattr(error, name, getattr(report, name) or getattr(error, name))
    error.count = report.count if report.count is not None else error.count
    error.last_seen = max(error.last_seen, report.at) if error.pk else report.at


def _place(error: TrackedError, report: Report) -> None:
    """The environment and the release that it is of: as reported, else what was live there at the time."""
    project = error.project
    error.environment = project.environment or _environment(report.environment) or error.environment
    error.version = report.version or error.version
    reported = _release(project, error.version)
    live = None if reported or error.environment is None else _live(project, error.environment, report.at)
    error.release = reported or live or error.release
    error.is_inferred = reported is None and error.release is not None


def _environment(name: str) -> Environment | None:
    """By its slug or its name, whatever the case."""
    if not name:
        return None
    return Environment.objects.filter(Q(slug__iexact=name) | Q(name__iexact=name)).order_by("position").first()


def _release(project: TrackedProject, version: str) -> Release | None:
    """By its version, also after a package's name as in frontend@v12, or by its commit."""
    if not version:
        return None
    wanted = {version, version.rpartition("@")[2]}
    releases = Release.objects.filter(application=project.application_id)
    found = releases.filter(version__in=wanted).order_by("-order").first()
    commits = [name for name in wanted if len(name) >= SHORTEST_COMMIT]
    if found is None and commits:
        by_commit = Q()
        for commit in commits:
            by_commit |= Q(commit__istartswith=commit)
        found = releases.filter(by_commit).order_by("-order").first()
    return found


def _live(project: TrackedProject, environment: Environment, at: datetime) -> Release | None:
    there = Deployment.objects.filter(target__application=project.application_id, target__environment=environment)
    found = there.filter(at__lte=at).select_related("release").order_by("-id").first()
    return found.release if found else None


def _tell(error: TrackedError, what: str, opening: str, now: datetime) -> None:
    project, release = error.project, error.release
    place = f"{project.application} in {error.environment}" if error.environment else str(project.application)
    since = ""
    if release is not None:
        since = f", while {release.version} is live" if error.is_inferred else f", seen in {release.version}"
    record(
        f"error.{what}",
        f"{opening} in {place}{since}: {error.title}",
        by=Actor(ActorKind.SYSTEM, project.tracker, project.get_tracker_display()),
        application=project.application.slug,
        environment=error.environment.slug if error.environment else "",
        release_id=release.pk if release else None,
        subject=f"error:{error.pk}",
        now=now,
        data={
            "title": error.title,
            "state": error.state,
            "url": error.url,
            "evidence": [error.culprit] if error.culprit else [],
            "authors": release.authors() if release else [],
        },
    )
