"""What the calendar's API reads and writes: instants, slugs, text, and where a page of a list begins."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import QuerySet
from rest_framework import serializers

from apps_registry.models import Application, Environment, Team
from deployer.promotions.serializers import ApplicationField, WordField

_Row = TypeVar("_Row", bound=models.Model)

YEARS = (1970, 2199)
"""Times outside of these are a slip."""
MOST_ROWS = 200


class TextField(WordField):
    """What a person writes, of several words."""


class MomentField(serializers.DateTimeField):
    """An instant, UTC. One that doesn't say its offset is refused: it would be another in another zone."""

    default_error_messages = {
        "invalid": "Write it in ISO 8601 with its offset, such as 2026-03-03T10:00:00Z or 2026-07-01T10:00:00+01:00.",
        "naive": "Add the offset from UTC: Z for UTC itself, or such as +01:00.",
        "implausible": f"Give a time from {YEARS[0]} to {YEARS[1]}.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("implausible")

    def to_internal_value(self, value: Any) -> datetime:
        at = super().to_internal_value(value)
        if not YEARS[0] <= at.year <= YEARS[1]:
            self.fail("implausible")
        return at


class QueryMomentField(MomentField):
    """One in an address, where the plus sign of an offset has become a space unless it was written %2B."""

    def to_internal_value(self, value: Any) -> datetime:
        return super().to_internal_value(re.sub(r"(T\S+) (\d\d:?\d\d)$", r"\1+\2", str(value)))


class EnvironmentField(serializers.SlugRelatedField[Environment]):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="slug", queryset=Environment.objects.all(), **kwargs)

    def to_internal_value(self, data: Any) -> Environment:
        slug = WordField(max_length=100).run_validation(data)
        found = Environment.objects.filter(slug=slug).first()
        if found is None:
            there_are = ", ".join(Environment.objects.values_list("slug", flat=True))
            raise serializers.ValidationError(f"There is no environment {data!r:.100}: there are {there_are}.")
        return found


def application_field(**kwargs: Any) -> ApplicationField:
    return ApplicationField(slug_field="slug", queryset=Application.objects.select_related("owner"), **kwargs)


class SlugsField(serializers.ListField, Generic[_Row]):
    """A list of slugs; the value is the list of their rows, each once. One query, however many."""

    default_error_messages = {
        "too_many": "Give at most {most}.",
        "unknown": "There is no {what} {slugs}.",
    }

    def __init__(self, rows: QuerySet[_Row], what: str, *, most: int = MOST_ROWS, **kwargs: Any) -> None:
        self._rows, self._what, self._most = rows, what, most
        super().__init__(child=WordField(max_length=100), **kwargs)

    def to_internal_value(self, data: Any) -> list[_Row]:
        if isinstance(data, list) and len(data) > self._most:
            self.fail("too_many", most=self._most)
        slugs = list(dict.fromkeys(super().to_internal_value(data)))
        found = {str(getattr(row, "slug", "")): row for row in self._rows.filter(slug__in=slugs)}
        unknown = [slug for slug in slugs if slug not in found]
        if unknown:
            self.fail("unknown", what=self._what, slugs=", ".join(map(repr, unknown)))
        return [found[slug] for slug in slugs]

    def to_representation(self, data: Sequence[_Row]) -> list[str]:
        return [str(getattr(row, "slug", "")) for row in data]


def applications_field(*, most: int = MOST_ROWS, **kwargs: Any) -> "SlugsField[Application]":
    return SlugsField(Application.objects.select_related("owner"), "application", most=most, **kwargs)


def environments_field(**kwargs: Any) -> "SlugsField[Environment]":
    return SlugsField(Environment.objects.all(), "environment", **kwargs)


def teams_field(**kwargs: Any) -> "SlugsField[Team]":
    return SlugsField(Team.objects.all(), "team", **kwargs)
