"""Pages of long lists that are not counted: only whether there is more is asked."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

SHOWN = 50
DEEPEST = 1000
"""Whoever pages further wants a filter."""
Row = TypeVar("Row", bound=Model)


def asked_page(query: QueryDict) -> int:
    """The page that the address asks for; the first where it makes no sense."""
    asked = query.get("page", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < 9
    return min(max(int(asked), 1), DEEPEST) if is_number else 1


def rows_of_page(rows: QuerySet[Row], page: int) -> tuple[list[Row], bool]:
    """Its rows, and whether there is another page. One query."""
    first = (page - 1) * SHOWN
    found = list(rows[first : first + SHOWN + 1])
    return found[:SHOWN], len(found) > SHOWN and page < DEEPEST
