"""What happened last to some applications, read by their index however old their history is."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from apps_registry.models import Application
from deployer.audit.models import Event

SHOWN = 12


def newest_events(applications: Sequence[Application], most: int = SHOWN) -> list[Event]:
    """Of all of them together, the newest first. Two queries.

    An application's own `most`-th newest is a bound: all that is shown is at least as new as the newest such bound.
    """
    if not applications:
        return []
    own = Event.objects.filter(application=OuterRef("slug")).order_by("-id").values("id")
    rows = Application.objects.filter(pk__in=[one.pk for one in applications]).order_by()
    bounds = rows.annotate(bound=Subquery(own[most - 1 : most])).values_list("bound", flat=True)
    bound = max((one for one in bounds if one is not None), default=0)
    found = Event.objects.filter(application__in=[one.slug for one in applications], id__gte=bound)
    return list(found.order_by("-id")[:most])
