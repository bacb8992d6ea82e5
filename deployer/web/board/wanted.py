"""What of the board is asked for, as its address says it."""

from dataclasses import asdict, dataclass
from typing import Self

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from deployer.web.paging import asked_page

FILTERS = ("q", "team", "environment", "state", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`q` is looked for in the application and its team; `team` and `environment` are slugs, `state` one of GROUPS."""

    q: str = ""
    team: str = ""
    environment: str = ""
    state: str = ""
    kind: str = ""
    page: int = 1

    @classmethod
    def asked(cls, query: QueryDict) -> Self:
        given = {name: query.get(name, "").strip()[:200] for name in FILTERS}
        return cls(**given, page=asked_page(query))

    @property
    def any(self) -> bool:
        return any(getattr(self, name) for name in FILTERS)

    def address(self, *, of: str = "board", **changes: object) -> str:
        """Of the board with this filter but for the changes; the first page of it unless they name one."""
        given = asdict(self) | {"page": 1} | changes
        chosen = {name: value for name, value in given.items() if value and (name, value) != ("page", 1)}
        return reverse(of) + (f"?{urlencode(chosen)}" if chosen else "")

    @property
    def source(self) -> str:
        """Where an open board asks for what has changed."""
        return self.address(of="board-rows")
