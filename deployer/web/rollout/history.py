"""The trend of the roll-out, month by month: automatic targets, and what was deployed without a person."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth

from apps_registry.models import Application, Environment, Target
from apps_registry.models.target import Policy
from deployer.audit.models import Event
from deployer.promotions.models import Approval, Promotion, PromotionKind, PromotionOverride
from deployer.web.rollout.trend import KINDS, Happened, Past, counts_at

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`automatic` are the automatic targets at its end, or now, by the environments' order. Of `deployments`, which
    leave rollbacks out, `alone` went without a person: nobody asked for, approved or overrode anything."""

    begins: datetime
    automatic: Sequence[int]
    deployments: int
    alone: int

    @property
    def share(self) -> int | None:
        """Per cent; None where nothing was deployed."""
        return round(100 * self.alone / self.deployments) if self.deployments else None


def read_months(
    *, applications: Collection[Application] | None, environments: Sequence[Environment], now: datetime, zone: str
) -> list[Month]:
    """The last twelve months by this zone's clock, the oldest first; of these applications, of all for None.

    Four queries. What became automatic before events were written counts as automatic all along.
    """
    begins = list(_months(now, ZoneInfo(zone)))
    ends = [now, *begins[:-1]]
    automatic = counts_at(ends, _present(applications), _events(applications, begins[-1]))
    shares = _shares(applications, begins[-1], ZoneInfo(zone))
    months = [
        Month(
            begins=begin,
            automatic=[counted[one.slug] for one in environments],
            deployments=shares.get((begin.year, begin.month), (0, 0))[0],
            alone=shares.get((begin.year, begin.month), (0, 0))[1],
        )
        for begin, counted in zip(begins, automatic, strict=True)
    ]
    return months[::-1]


def _months(now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When each began, this month first."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for back in range(MONTHS):
        year, month = divmod(first.year * 12 + first.month - 1 - back, 12)
        yield first.replace(year=year, month=month + 1)


def _present(applications: Collection[Application] | None) -> Past:
    targets, archived = Target.objects.filter(policy=Policy.AUTOMATIC), Application.objects.exclude(archived_at=None)
    if applications is not None:
        targets = targets.filter(application__in=applications)
    return Past(targets.values_list("application__slug", "environment__slug"), archived.values_list("slug", flat=True))


def _events(applications: Collection[Application] | None, since: datetime) -> list[Happened]:
    events = Event.objects.filter(kind__in=KINDS, at__gte=since)
    if applications is not None:
        events = events.filter(application__in=[one.slug for one in applications])
    fields = ("at", "kind", "application", "environment", "data")
    return [Happened(**values) for values in events.order_by("-at", "-id").values(*fields)]


def _shares(
    applications: Collection[Application] | None, since: datetime, zone: ZoneInfo
) -> dict[tuple[int, int], tuple[int, int]]:
    """Deployments, and those without a person, by year and month."""
    promotions = Promotion.objects.filter(kind=PromotionKind.FORWARD, deployment__at__gte=since)
    if applications is not None:
        promotions = promotions.filter(target__application__in=applications)
    mine = {"promotion": OuterRef("pk")}
    by_nobody = (
        Q(requested_by="")
        & ~Exists(Approval.objects.filter(**mine))
        & ~Exists(PromotionOverride.objects.filter(**mine))
    )
    months = promotions.annotate(month=TruncMonth("deployment__at", tzinfo=zone)).order_by().values("month")
    counted = months.annotate(together=Count("pk"), alone=Count("pk", filter=by_nobody))
    return {(row["month"].year, row["month"].month): (row["together"], row["alone"]) for row in counted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Of a chart: where it stands and how high it is, in the chart's own units; `text` is read out."""

    x: int
    y: int
    height: int
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, a month each. `first` and `last` are what is written at its ends."""

    name: str
    summary: str
    bars: Sequence[Bar]


HEIGHT, STEP = 48, 20
"""Of a chart's bars, and how far one is from the next."""


def charts(months: Sequence[Month], environments: Sequence[Environment], totals: Sequence[int]) -> list[Chart]:
    """One for each environment, out of its `totals` targets, and one of the share of deployments without a person."""
    found = [
        _chart(
            environment.name,
            f"{months[-1].automatic[at]} of {totals[at]} automatic",
            [(month, month.automatic[at], f"{month.automatic[at]} automatic") for month in months],
            highest=max(totals[at], *(month.automatic[at] for month in months), 1),
        )
        for at, environment in enumerate(environments)
    ]
    shares = [(month, month.share or 0, _share(month)) for month in months]
    return [*found, _chart("Without a person", f"{_share(months[-1])} this month", shares, highest=100)]


def _share(month: Month) -> str:
    return "no deployments" if month.share is None else f"{month.share}%"


def _chart(name: str, summary: str, values: Sequence[tuple[Month, int, str]], *, highest: int) -> Chart:
    bars = []
    for at, (month, value, text) in enumerate(values):
        height = max(round(HEIGHT * value / highest), 1)
        bars.append(Bar(x=at * STEP, y=HEIGHT - height, height=height, label=f"{month.begins:%B %Y}", text=text))
    return Chart(name=name, summary=summary, bars=bars)
