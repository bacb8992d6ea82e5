"""What CI calls: register a release and let it go."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.models import Application
from deployer.audit.actor import Actor
from deployer.promotions.lines import continue_line
from deployer.promotions.models import Promotion
from deployer.releases.actions import NewRelease, register_release
from deployer.releases.models import Release


@transaction.atomic
def register(
    *, application: Application, new: NewRelease, by: Actor, now: datetime | None = None
) -> tuple[Release, list[Promotion], bool]:
    """Register the release and ask for its first promotion: (release, its promotions, whether it is new).

    One that is known and has no promotion, because the application had no target then, is asked for now.
    Raises releases.actions.ReleaseRefusedError.
    """
    now = now or timezone.now()
    release, is_new = register_release(application=application, new=new, by=by, now=now)
    promotions = [] if is_new else list(Promotion.objects.with_names().filter(release=release).order_by("id"))
    if not promotions:
        started = continue_line(release, after=None, by=by, now=now)
        promotions = [started] if started else []
    return release, promotions, is_new
