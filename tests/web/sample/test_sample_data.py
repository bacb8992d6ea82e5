"""The sample data: every state and reason that pages show, in rows that keep the models' rules."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import models
from pytest_django import DjangoDbBlocker, Settings

from apps_registry.models import Application, Membership, Target, TargetCheck, Team, TrustIssue, Watcher
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.calendar.models import Freeze, Slot, SlotSeries
from deployer.notifications.models import Delivery, Notification, NotificationState
from deployer.promotions import jobs
from deployer.promotions.engine import checking, deploying
from deployer.promotions.engine.effects import Report
from deployer.promotions.models import (
    Approval,
    Hold,
    LogChunk,
    Measurement,
    Pin,
    Promotion,
    PromotionKind,
    PromotionOverride,
    Stall,
    Step,
    Veto,
)
from deployer.promotions.states import PromotionState, StepState
from deployer.releases.models import Change, Deployment, Release
from deployer.tracking.models import TrackedError
from deployer.web.sample.estate import SIGN_INS, hosted
from deployer.web.sample.month import make_sample
from deployer.web.sample.plan import planned

WEDNESDAY = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
ROWS = (
    Application, Approval, Change, Deployment, Event, Freeze, Hold, LogChunk, Measurement, Membership, Notification,
    Pin, Promotion, PromotionOverride, Release, Slot, SlotSeries, Stall, Step, Target, TargetCheck, Team, TrackedError,
    TrustIssue, Veto, Watcher,
)  # fmt: skip
OF_THE_SEED = (
    (Release, ("application__slug", "version", "commit", "created_at")),
    (Promotion, ("release__version", "target__application__slug", "state", "blockers", "created_at", "finished_at")),
    (Event, ("at", "kind", "sentence")),
    (Slot, ("starts_at", "state", "booked_by")),
)


def _make(seed: int = 1, *, promotions: int = 500, applications: int = 40) -> None:
    plan = planned(
        now=WEDNESDAY, hosted=hosted(), applications=applications, promotions=promotions, seed=seed, recent=300
    )
    make_sample(plan, password="a-password-for-tests")


@pytest.fixture(scope="class")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Made once for the tests of the class, each of which takes back what it does."""
    with django_db_blocker.unblock():
        _make()
        yield
        call_command("flush", verbosity=0, interactive=False)


@pytest.mark.usefixtures("sample")
class TestSample:
    @pytest.fixture(autouse=True)
    def _database(self, db: None) -> None:
        pass

    def test_has_every_state(self) -> None:
        assert set(Promotion.objects.values_list("state", flat=True)) == set(PromotionState.values)
        assert set(Step.objects.values_list("state", flat=True)) >= set(StepState.values) - {StepState.PENDING}
        assert Promotion.objects.filter(kind=PromotionKind.ROLLBACK, state=PromotionState.SUCCEEDED).exists()

    def test_shows_the_reasons_to_wait_with_when_they_end(self) -> None:
        blockers = [one for promotion in Promotion.objects.waiting() for one in promotion.waits_for]

        assert {str(one.kind) for one in blockers} >= {
            "approval", "busy", "capacity", "exclusion", "freeze", "hold", "manual", "no_slot", "not_configured", "pin",
            "queue", "trust_issue",
        }  # fmt: skip
        assert {str(one.kind) for one in blockers if one.until} >= {"approval", "freeze", "hold"}

    @pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
    def test_keeps_the_rules_of_its_models(self, model: type[models.Model]) -> None:
        rows = list(model._default_manager.order_by("-pk")[:150])

        assert rows
        for row in rows:
            row.clean_fields(exclude=["password"])
            row.validate_constraints()

    def test_tells_events_in_the_order_of_their_time(self) -> None:
        moments = list(Event.objects.order_by("id").values_list("at", flat=True))

        assert all(before <= after for before, after in pairwise(moments))

    def test_what_is_live_is_the_newest_that_was_deployed(self) -> None:
        for deployment in Deployment.objects.live().select_related("release"):
            last = Deployment.objects.filter(target=deployment.target_id).order_by("-at")[0]
            assert last == deployment

    def test_nothing_of_the_past_is_told_again(self) -> None:
        late = Notification.objects.filter(state=NotificationState.PENDING, due_at__lte=WEDNESDAY)

        assert not late.exists()
        assert Notification.objects.filter(state=NotificationState.FAILED).exists()
        assert Delivery.objects.exists()

    def test_has_people_of_every_role_who_sign_in(self) -> None:
        for name in SIGN_INS:
            assert authenticate(username=name, password="a-password-for-tests") is not None
        assert Membership.objects.filter(user__username="developer").exists()
        assert not User.objects.exclude(username__in=SIGN_INS).first().has_usable_password()  # type: ignore[union-attr]

    def test_freezes_are_past_current_and_ahead(self) -> None:
        freezes = list(Freeze.objects.with_scope())

        assert any(one.is_over(WEDNESDAY) for one in freezes)
        assert any(one.holds_at(WEDNESDAY) for one in freezes)
        assert any(one.starts_at > WEDNESDAY for one in freezes)

    def test_a_running_engine_goes_on_with_it(
        self, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
    ) -> None:
        """The deploys that the sample played are started anew, and none of what moves is stopped by that."""
        settings.COMMAND_DIR, settings.COMMAND_RUNS_DIR = tmp_path, tmp_path / "runs"
        stopped = set(Hold.objects.open().values_list("pk", flat=True))
        moving = list(Promotion.objects.active().values_list("pk", flat=True))
        passed = Report(state=StepState.PASSED, sentence="Done.")
        monkeypatch.setattr(deploying, "_start", lambda *_: passed)
        monkeypatch.setattr(checking, "run", _passing)

        now = WEDNESDAY
        for _ in range(40):
            now += timedelta(seconds=20)
            for promotion in jobs.due_promotions(now):
                jobs.wake(promotion, now=now)
            for step in jobs.due_steps(now):
                jobs.effect(step, now=now)

        ended = Promotion.objects.filter(pk__in=moving).values_list("state", flat=True)
        assert set(ended) <= {"succeeded", "aborted", "verifying"}
        assert stopped >= set(Hold.objects.open().values_list("pk", flat=True))


def _passing(*_: object) -> tuple[object, int]:
    from deployer.integrations.checks.base import Outcome, Reading  # noqa: PLC0415

    return Reading(outcome=Outcome.PASSED, sentence="Fine."), 10


@pytest.mark.django_db(transaction=True)
def test_the_same_seed_makes_the_same_data() -> None:
    made = []
    for seed in (1, 1, 2):
        call_command("flush", verbosity=0, interactive=False)
        _make(seed, promotions=40, applications=6)
        made.append([list(model._default_manager.order_by("pk").values_list(*names)) for model, names in OF_THE_SEED])

    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.django_db(transaction=True)
def test_the_command_makes_as_many_as_it_is_told_and_says_who_signs_in_once() -> None:
    said = StringIO()

    call_command("sample_data", applications=60, promotions=600, seed=3, stdout=said, stderr=StringIO())

    assert Application.objects.count() == 60
    assert 500 <= Promotion.objects.count() <= 800
    password = said.getvalue().partition("the password ")[2].split()[0]
    assert authenticate(username="manager", password=password) is not None


@pytest.mark.django_db
def test_it_refuses_a_database_that_is_in_use() -> None:
    Team.objects.create(slug="web", name="Web")

    with pytest.raises(CommandError, match="into an empty database only: set DEPLOYER_DATA_DIR"):
        call_command("sample_data", stdout=StringIO(), stderr=StringIO())

    assert not Application.objects.exists()


@pytest.mark.parametrize("options", [{"applications": 1001}, {"promotions": 1_000_001}, {"applications": 0}])
@pytest.mark.django_db
def test_it_refuses_sizes_that_it_was_not_made_for(options: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="must be from 1 to"):
        call_command("sample_data", stdout=StringIO(), stderr=StringIO(), **options)
