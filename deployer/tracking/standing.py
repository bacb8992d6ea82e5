"""How many errors an application has open, and where."""

from dataclasses import dataclass

from django.db.models import Count

from apps_registry.models import Application
from deployer.tracking.models import TrackedError, TrackedProject


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenErrors:
    """`by_environment` maps an environment's slug, empty where it isn't known, to the number of open errors."""

    application: Application
    is_followed: bool
    by_environment: dict[str, int]
    newest: tuple[TrackedError, ...]

    @property
    def total(self) -> int:
        return sum(self.by_environment.values())


def open_errors(application: Application, *, newest: int = 5) -> OpenErrors:
    """Three queries at most; one where no tracker's project is the application's."""
    if not TrackedProject.objects.filter(application=application).exists():
        return OpenErrors(application=application, is_followed=False, by_environment={}, newest=())
    mine = TrackedError.objects.open().filter(project__application=application)
    counts = mine.order_by("environment__position").values_list("environment__slug").annotate(Count("pk"))
    return OpenErrors(
        application=application,
        is_followed=True,
        by_environment={slug or "": number for slug, number in counts},
        newest=tuple(TrackedError.objects.open().of(application)[:newest]),
    )
