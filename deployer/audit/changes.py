"""Events of rows that people edit: what changed, from what to what."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.audit.models import Event

# Never copied into an event: they are secrets, or stand for one.
SECRET_FIELDS = frozenset({"password", "digest"})
SHORT = 60


def values_of(row: models.Model) -> dict[str, Any]:
    """The row's fields as JSON values, relations by their name. The key and secrets are left out."""
    values: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if not field.primary_key and field.name not in SECRET_FIELDS:
            value = getattr(row, field.name)
            values[field.name] = str(value) if isinstance(value, models.Model) else value
    for relation in row._meta.many_to_many:
        through = relation.remote_field.through
        if through is not None and through._meta.auto_created:
            values[relation.name] = sorted(str(other) for other in getattr(row, relation.name).all())
    loaded: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return loaded


def stored_values(row: models.Model) -> dict[str, Any]:
    """`values_of` the row as the database has it, whatever was set on this instance since.

    Locks the row, so that what its event says was there before is what the change replaced. Must be called
    in the transaction of the change.
    """
    return values_of(type(row)._base_manager.select_for_update().get(pk=row.pk))


def record_change(
    row: models.Model,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    by: Actor,
    application: str = "",
    environment: str = "",
    reason: str = "",
) -> Event | None:
    """Write the event of a change to the row; to be called in its transaction.

    `before` is None for a new row, `after` for a removed one. Writes nothing and returns None when they
    are the same. The event's kind is such as registry.application.changed, its data {field: [old, new]}.
    """
    old, new = before or {}, after or {}
    data = {name: [old.get(name), new.get(name)] for name in {**old, **new} if old.get(name) != new.get(name)}
    if before is not None and after is not None and not data:
        return None
    verb = "created" if before is None else "deleted" if after is None else "changed"
    return record(
        f"{_area(row)}.{_snake(type(row).__name__)}.{verb}",
        _sentence(row, verb, data),
        by=by,
        application=application,
        environment=environment,
        reason=reason,
        data=data,
    )


def _area(row: models.Model) -> str:
    return row._meta.app_label.removeprefix("apps_")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _sentence(row: models.Model, verb: str, data: Mapping[str, list[Any]]) -> str:
    what = f"{row._meta.verbose_name} {row}"
    if verb == "created":
        return f"Added the {what}."
    if verb == "deleted":
        return f"Removed the {what}."
    return f"Changed the {what}: {'; '.join(_difference(name, *pair) for name, pair in data.items())}."


def _difference(name: str, old: Any, new: Any) -> str:
    label = name.replace("_", " ")
    texts = [_text(old), _text(new)]
    if any(len(text) > SHORT or "\n" in text for text in texts):
        return label
    return f"{label} from {texts[0]} to {texts[1]}"


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value)
