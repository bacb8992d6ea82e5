"""GOV.UK's repos.yml: a list of repositories, of which those with `production_hosted_on` are applications.

Each entry is one application, named by `app_name` or else `repo_name`, however many `argo_cd_apps` it has:
they are deployed from one release. The source decides these fields of it: owner, repository, kind, hosting,
production URL, dashboard URL and description, each only where the entry gives it.
"""

from collections import Counter, defaultdict

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from apps_registry.importers.base import (
    ApplicationEntry,
    EntryError,
    Problem,
    Registry,
    TeamEntry,
    as_slug,
    readable,
)
from apps_registry.importers.yaml_reader import Fields, Value, fields_of, needed_text, text_of
from apps_registry.models.fields import slack_channel_validator, slug_validator

OWNER_OF_REPOSITORIES = "alphagov"

_FIELDS = {
    "type": "kind",
    "production_hosted_on": "hosting",
    "production_url": "production_url",
    "metrics_dashboard_url": "dashboard_url",
    "description": "description",
}


def parse(document: Value) -> Registry:
    """What the file says of hosted applications and the teams that own them. The document is a list."""
    assert isinstance(document.content, list)  # noqa: S101 — narrows the type; `read` has looked
    registry = Registry(complete=True)
    teams = _Teams()
    for item in document.content:
        try:
            _parse_entry(item, registry, teams)
        except EntryError as error:
            registry.problems.append(error.problem)
    registry.teams = teams.entries()
    registry.notes += teams.notes()
    return registry


def _parse_entry(item: Value, registry: Registry, teams: "_Teams") -> None:
    fields = fields_of(item, "an entry")
    slug = text_of(fields, "app_name") or needed_text(fields, "repo_name", item.line)
    if not text_of(fields, "production_hosted_on"):
        registry.skipped[text_of(fields, "type") or "no type"] += 1
        return
    registry.named.add(slug)
    _check(slug_validator, slug, "app_name" if "app_name" in fields else "repo_name", fields)
    channel = needed_text(fields, "team", item.line)
    _check(slack_channel_validator, channel, "team", fields)
    alerts = text_of(fields, "alerts_team") or ""
    if alerts:
        _check(slack_channel_validator, alerts, "alerts_team", fields)
    entry = ApplicationEntry(
        line=item.line,
        slug=slug,
        name=readable(slug),
        team=teams.slug_of(item.line, channel),
        fields=_application_fields(fields, item.line),
        retired=_is_true(fields, "retired"),
    )
    registry.add(entry)
    teams.see(item.line, channel, alerts)


def _application_fields(fields: Fields, line: int) -> dict[str, str]:
    repository = needed_text(fields, "repo_name", line)
    found = {"repository": repository if "/" in repository else f"{OWNER_OF_REPOSITORIES}/{repository}"}
    for source, name in _FIELDS.items():
        text = text_of(fields, source)
        if text is not None:
            found[name] = text
    return found


def _is_true(fields: Fields, name: str) -> bool:
    return name in fields and fields[name].content is True


def _check(validator: RegexValidator, text: str, name: str, fields: Fields) -> None:
    try:
        validator(text)
    except ValidationError as error:
        raise EntryError(fields[name].line, f"{name}: {text!r} won't do. {error.message}") from error


class _Teams:
    """The teams that the entries name by their channels.

    Entries of one team may give different alerts channels: the one given most often counts, of equals the
    one given first. The others are told of as notes.
    """

    def __init__(self) -> None:
        self.first_seen: dict[str, tuple[int, str]] = {}
        self.alerts: dict[str, Counter[str]] = defaultdict(Counter)
        self.lines: dict[tuple[str, str], int] = {}

    def slug_of(self, line: int, channel: str) -> str:
        """The team's slug. Raises EntryError when another channel has it, as #a.b and #a-b would."""
        slug = as_slug(channel)
        if not slug:
            raise EntryError(line, f"team: {channel} has neither letter nor digit.")
        _, first = self.first_seen.get(slug, (line, channel))
        if first != channel:
            raise EntryError(line, f"team: {channel} and {first} would be one team, {slug}.")
        return slug

    def see(self, line: int, channel: str, alerts: str) -> None:
        slug = as_slug(channel)
        self.first_seen.setdefault(slug, (line, channel))
        if alerts:
            self.alerts[slug][alerts] += 1
            self.lines.setdefault((slug, alerts), line)

    def entries(self) -> dict[str, TeamEntry]:
        found = {}
        for slug, (line, channel) in self.first_seen.items():
            fields = {"slack_channel": channel}
            if self.alerts[slug]:
                alerts = self._alerts_of(slug)
                fields["alerts_channel"] = "" if alerts == channel else alerts
            found[slug] = TeamEntry(line=line, slug=slug, name=readable(slug), fields=fields)
        return found

    def notes(self) -> list[Problem]:
        return [
            Problem(line, f"alerts_team {alerts} was not taken: {slug} gives {self._alerts_of(slug)} oftener or first.")
            for (slug, alerts), line in self.lines.items()
            if alerts != self._alerts_of(slug)
        ]

    def _alerts_of(self, slug: str) -> str:
        return self.alerts[slug].most_common(1)[0][0]
