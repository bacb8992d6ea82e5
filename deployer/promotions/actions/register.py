"""What CI calls: register a release and let it go."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.models import Application
from deployer.audit.actor import Actor
from deployer.promotions.lines import continue_line
from deployer.promotions.models import Promotion
from deployer.releases.actions import NewChange, register_release
from deployer.releases.models import Release


@transaction.atomic
def register(
    *,
    application: Application,
    version: str,
    commit: str,
    by: Actor,
    build_url: str = "",
    built_at: datetime | None = None,
    changes: Sequence[NewChange] = (),
    now: datetime | None = None,
) -> tuple[Release, list[Promotion], bool]:
    """Register the release and ask for its first promotion: (release, its promotions, whether it is new).

    Raises releases.actions.ReleaseRefusedError.
    """
    now = now or timezone.now()
    release, is_new = register_release(
        application=application,
        version=version,
        commit=commit,
        by=by,
        build_url=build_url,
        built_at=built_at,
        changes=changes,
        now=now,
    )
    if not is_new:
        return release, list(Promotion.objects.with_names().filter(release=release).order_by("id")), False
    started = continue_line(release, after=None, by=by, now=now)
    return release, [started] if started else [], True
