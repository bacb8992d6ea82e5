"""What the tests of pages share: rows to show, and reading a page as a person does."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponseBase

from apps_registry.models import Application, Environment, Target, Team
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.gates import Blocker
from deployer.promotions.models import Hold, Promotion
from deployer.releases.models import Deployment, Release

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ENVIRONMENTS = ("integration", "staging", "production")


def environments() -> list[Environment]:
    made = [
        Environment.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "position": position})
        for position, slug in enumerate(ENVIRONMENTS, start=1)
    ]
    return [environment for environment, _ in made]


def application(slug: str, *, team: str = "web", **fields: Any) -> Application:
    """An application with a target in each environment."""
    owner, _ = Team.objects.get_or_create(slug=team, defaults={"name": team.title()})
    made = Application.objects.create(slug=slug, name=slug.replace("-", " ").title(), owner=owner, **fields)
    for environment in environments():
        Target.objects.create(application=made, environment=environment)
    return made


def release(app: Application, version: str) -> Release:
    number = int("".join(filter(str.isdigit, version))[:6] or 1)
    made, _ = Release.objects.get_or_create(
        application=app,
        version=version,
        defaults={"number": number, "commit": f"{number:040x}", "created_by": "token ci", "created_at": NOW},
    )
    return made


def promotion(app: Application, environment: str, version: str, state: str = "waiting", **fields: Any) -> Promotion:
    target = app.targets.get(environment__slug=environment)
    if state not in ("waiting", "deploying", "verifying"):
        fields.setdefault("finished_at", NOW)
    blockers = [blocker.to_json() for blocker in fields.pop("blockers", [])]
    values = {"blockers": blockers, "created_at": NOW} | fields
    return Promotion.objects.create(release=release(app, version), target=target, state=state, **values)


def live(app: Application, environment: str, version: str, *, verified: bool = True, at: datetime = NOW) -> Promotion:
    """A release that was promoted there and is live."""
    deployment = Deployment.objects.create(
        target=app.targets.get(environment__slug=environment),
        release=release(app, version),
        at=at,
        verified_at=at + timedelta(minutes=2) if verified else None,
    )
    return promotion(app, environment, version, "succeeded", deployment=deployment, started_at=at)


def hold(app: Application, environment: str | None, reason: str, **fields: Any) -> Hold:
    where = Environment.objects.get(slug=environment) if environment else None
    return Hold.objects.create(
        application=app, environment=where, kind="manual", reason=reason, placed_by="Alex Doe", **fields
    )


def blocker(kind: str, sentence: str, who: str = "Web can promote it", **fields: Any) -> Blocker:
    return Blocker(kind=kind, sentence=sentence, who=who, **fields)  # type: ignore[arg-type]


def happens(app: Application) -> None:
    """Something is told of it."""
    record("promotion.waits", "It waits.", by=ENGINE, application=app.slug)


def text_of(page: HttpResponseBase | str) -> str:
    """The words of a page, as they are read, without what only the machine sees."""
    source = page if isinstance(page, str) else page.content.decode()  # type: ignore[attr-defined]
    words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source)).split())
    return re.sub(r" (?=[,.:;])", "", words)


def rows_of(page: HttpResponseBase) -> list[str]:
    """The words of each row of the page's first table, without its head."""
    source = page.content.decode()  # type: ignore[attr-defined]
    body = re.search(r"<tbody.*?</tbody>", source, re.DOTALL)
    return [text_of(row) for row in re.findall(r"<tr.*?</tr>", body.group(), re.DOTALL)] if body else []


def stages_of(page: HttpResponseBase) -> list[str]:
    """The words of each environment in the picture of an application's way."""
    source = page.content.decode()  # type: ignore[attr-defined]
    pipeline = source[source.index('class="app-pipeline"') : source.index("</ol>")]
    return [text_of(f"<li {stage}") for stage in pipeline.split('id="stage-')[1:]]
