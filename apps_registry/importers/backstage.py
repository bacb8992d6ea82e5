"""Backstage's catalog-info.yaml: one entity a document. Components are applications, Groups are teams.

https://backstage.io/docs/features/software-catalog/descriptor-format. Libraries and documentation are not
deployed and are skipped, as are other kinds. The source decides these fields of an application: owner,
name (its title), repository (the annotation github.com/project-slug), kind (spec.type), description, and
runbook, dashboard and production URL (links of those types or titles), each only where it is given.
"""

import re

from apps_registry.importers.base import ApplicationEntry, EntryError, Registry, TeamEntry, as_slug, readable
from apps_registry.importers.yaml_reader import Fields, Value, fields_of, needed_text, text_of

NOT_DEPLOYED = frozenset({"library", "documentation"})

# A link counts by its `type`, else by its `title`.
_LINKS = {
    "runbook": "runbook_url",
    "dashboard": "dashboard_url",
    "website": "production_url",
    "production": "production_url",
}


def parse(documents: list[Value]) -> Registry:
    """What the file says of applications and teams. An owner that it does not describe is a team by that name.

    Groups of another type than team, such as departments, are teams only when they own an application.
    """
    registry = Registry(complete=False)
    others: dict[str, TeamEntry] = {}
    for document in documents:
        try:
            _parse_entity(document, registry, others)
        except EntryError as error:
            registry.problems.append(error.problem)
    for entry in registry.applications.values():
        owner = others.pop(entry.team, None) or TeamEntry(line=entry.line, slug=entry.team, name=readable(entry.team))
        registry.teams.setdefault(entry.team, owner)
    if others:
        registry.skipped["Group that is no team"] += len(others)
    return registry


def _parse_entity(document: Value, registry: Registry, others: dict[str, TeamEntry]) -> None:
    fields = fields_of(document, "an entity")
    kind = needed_text(fields, "kind", document.line)
    if kind.lower() == "component":
        _parse_component(document.line, fields, registry)
    elif kind.lower() == "group":
        team = _team(document.line, fields)
        earlier = registry.teams.get(team.slug) or others.get(team.slug)
        if earlier is not None:
            raise EntryError(team.line, f"the group {team.slug} is also at line {earlier.line}; the first was taken.")
        is_team = text_of(_part(fields, "spec", document.line), "type") == "team"
        (registry.teams if is_team else others)[team.slug] = team
    else:
        registry.skipped[kind] += 1


def _parse_component(line: int, fields: Fields, registry: Registry) -> None:
    metadata, spec = _part(fields, "metadata", line), _part(fields, "spec", line)
    slug = _entity_slug(line, metadata)
    kind = needed_text(spec, "type", line)
    if kind.lower() in NOT_DEPLOYED:
        registry.skipped[kind] += 1
        return
    registry.named.add(slug)
    owner = _owner(needed_text(spec, "owner", line), spec["owner"].line)
    title = text_of(metadata, "title") or None
    given = {
        "name": title,
        "description": text_of(metadata, "description"),
        "repository": _repository(metadata),
        "kind": kind,
        **_links(metadata),
    }
    decided = {name: text for name, text in given.items() if text is not None}
    registry.add(ApplicationEntry(line=line, slug=slug, name=title or readable(slug), team=owner, fields=decided))


def _team(line: int, fields: Fields) -> TeamEntry:
    metadata = _part(fields, "metadata", line)
    slug = _entity_slug(line, metadata)
    profile = _part(_part(fields, "spec", line), "profile", line, needed=False)
    name = text_of(profile, "displayName") or text_of(metadata, "title")
    decided = {"name": name} if name else {}
    email = text_of(profile, "email")
    if email is not None:
        decided["email"] = email
    return TeamEntry(line=line, slug=slug, name=name or readable(slug), fields=decided)


def _owner(reference: str, line: int) -> str:
    """The team's slug of an entity reference `[kind:][namespace/]name`; the default namespace is left out."""
    match = re.fullmatch(r"(?:(\w+):)?(?:([\w.-]+)/)?([\w.-]+)", reference)
    if match is None:
        raise EntryError(line, f"owner: {reference!r} is not a reference such as group:default/content-apis.")
    kind, namespace, name = match.groups()
    if (kind or "group").lower() != "group":
        raise EntryError(line, f"owner: {reference} is not a group; an application is owned by a team.")
    return _slug(name, namespace, line)


def _entity_slug(line: int, metadata: Fields) -> str:
    return _slug(needed_text(metadata, "name", line), text_of(metadata, "namespace"), line)


def _slug(name: str, namespace: str | None, line: int) -> str:
    in_default = (namespace or "default").lower() == "default"
    slug = as_slug(name if in_default else f"{namespace}-{name}")
    if not slug:
        raise EntryError(line, f"{name!r} can't be a name: it has neither letter nor digit.")
    return slug


def _repository(metadata: Fields) -> str | None:
    annotations = _part(metadata, "annotations", 0, needed=False)
    return text_of(annotations, "github.com/project-slug")


def _links(metadata: Fields) -> dict[str, str | None]:
    value = metadata.get("links")
    links = value.content if value is not None and isinstance(value.content, list) else []
    found: dict[str, str | None] = {}
    for link in links:
        fields = fields_of(link, "a link")
        for label in (text_of(fields, "type"), text_of(fields, "title")):
            name = _LINKS.get((label or "").lower())
            if name:
                found.setdefault(name, needed_text(fields, "url", link.line))
                break
    return found


def _part(fields: Fields, name: str, line: int, *, needed: bool = True) -> Fields:
    value = fields.get(name)
    if value is None or value.content is None:
        if needed:
            raise EntryError(line, f"{name} is missing.")
        return {}
    return fields_of(value, name)
