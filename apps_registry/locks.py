"""The locks that admissions, bookings, freezes and holds are decided under."""

from collections.abc import Iterable

from apps_registry.models.environment import Environment


def lock_environments(ids: Iterable[int] | None = None) -> None:
    """Lock environments' rows, all by default, in the order of their ids. Must be inside a transaction."""
    rows = Environment.objects.select_for_update(no_key=True).order_by("pk")
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    list(rows.values_list("pk", flat=True))
