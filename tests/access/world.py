"""A world in which there is something to see and to do at every address."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps_registry.models import Application, Team, TrustIssue
from apps_registry.rights import Rights
from apps_registry.trust import open_trust_issue
from deployer.calendar.actions.feeds import renew_address
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.series import book_series
from deployer.calendar.actions.slots import NewSlot, book
from deployer.calendar.models import Freeze, Slot, SlotSeries
from deployer.notifications.models import Channel, Notification
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.models import Hold, Pin, Promotion, Step, StepKind, Veto
from tests.scene import Scene
from tests.web.calendar.slot_desk import typed


class World:
    """Version v1 of "frontend" is live and pinned in staging, v0 was vetoed, v2 failed in integration and left the
    hold, and v3 waits there to be approved; all that stands in the calendar is the team's. `now` is the real time:
    pages and calls ask no other."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.now = timezone.now().replace(second=0, microsecond=0)
        self.scene.now = self.now - timedelta(hours=6)
        self.frontend = self.scene.application("frontend", environments=2)
        self.owner: Rights = self.scene.person("owner")
        self._release()
        self._book()
        frozen = NewFreeze(
            starts_at=self.now,
            ends_at=self.now + timedelta(hours=2),
            reason="The Budget.",
            applications=[self.frontend],
        )
        self.freeze: Freeze = declare(new=frozen, rights=self.owner, now=self.now)
        self.issue: TrustIssue = open_trust_issue(
            application=self.frontend, environment=None, reason="It is slow.", rights=self.owner, now=self.now
        )
        assert self.owner.user is not None
        self.secret = renew_address(user=self.owner.user, replaces=None, now=self.now)

    def _release(self) -> None:
        first = self.scene.register(self.frontend, "v0")
        self.scene.run(20)
        live = self.scene.register(self.frontend, "v1")
        self.scene.run(20)
        failing = self.scene.register(self.frontend, "v2")
        self.scene.backend.failing.add(("frontend", "v2", "integration"))
        self.scene.run(20)
        self.failed: Promotion = self.scene.promotion(failing, "integration")
        self.step: Step = self.failed.steps.get(kind=StepKind.DEPLOY)
        self.hold: Hold = Hold.objects.get(promotion=self.failed)
        self.sent: Notification = Notification.objects.exclude(channel=Channel.LOG).latest("id")
        self.frontend.targets.filter(environment__slug="integration").update(approvals_needed=1)
        waiting = self.scene.register(self.frontend, "v3")
        self.scene.run(20)
        self.waiting: Promotion = self.scene.promotion(waiting, "integration")
        assert self.waiting.is_open
        self.veto: Veto = veto(release=first, rights=self.owner, reason="It leaks.", now=self.scene.now)
        staging = self.frontend.targets.get(environment__slug="staging")
        self.pin: Pin = pin(target=staging, release=live, rights=self.owner, reason="It works.", now=self.scene.now)

    def _book(self) -> None:
        staging = self.scene.environments[1]
        start = self.now + timedelta(days=1)

        def new(at: datetime) -> NewSlot:
            return NewSlot(
                environment=staging, applications=[self.frontend], starts_at=at, ends_at=at + timedelta(minutes=30)
            )

        self.slot: Slot = book(new=new(start), rights=self.owner, now=self.now)
        first = new(start + timedelta(hours=2))
        booked = book_series(first=first, rule="FREQ=DAILY;COUNT=3", zone="UTC", rights=self.owner, now=self.now)
        self.series: SlotSeries = booked.series

    @property
    def elsewhere(self) -> Application:
        """Another team's application."""
        team, _ = Team.objects.get_or_create(slug="content", defaults={"name": "Content"})
        application, _ = Application.objects.get_or_create(
            slug="whitehall", defaults={"name": "Whitehall", "owner": team}
        )
        return application

    @property
    def typed_slot(self) -> dict[str, Any]:
        return typed(self.now + timedelta(days=8), "frontend")

    @property
    def typed_hold(self) -> dict[str, Any]:
        return {"application": "frontend", "reason": "It is slow.", "contact": "Jo", "ends": "lifted"}

    @property
    def new_slot(self) -> dict[str, Any]:
        start = self.now + timedelta(days=8)
        return {"applications": ["frontend"], "environment": "integration", "starts_at": start.isoformat()}

    @property
    def release(self) -> dict[str, Any]:
        return {"application": "frontend", "version": "v4", "commit": "c0ffee0123456789"}

    @property
    def asked(self) -> dict[str, Any]:
        return {"application": "frontend", "version": "v1", "environment": "staging"}

    @property
    def override(self) -> dict[str, Any]:
        expires = (self.now + timedelta(hours=1)).isoformat()
        blocker = f"freeze:{self.freeze.pk}"
        return {"blocker": blocker, "reason": "The site is down without it.", "expires_at": expires}
