"""Freezes from a file, as GOV.UK recorded them."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps_registry.models import Application, Environment, Team
from apps_registry.rights import rights_of_operator
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import extend, lift
from deployer.calendar.importers.freezes_csv import NO_REASON, clean_reason, read_freezes
from deployer.calendar.models import Freeze
from tests.calendar.bookings import at, booked
from tests.calendar.imports import FREEZES, load_registry, run
from tests.scene import ALEX, Scene

HEADER = "frozen_at_utc,unfrozen_at_utc,hours,environment,app,kind,outcome,reason_off"
ANYONE = rights_of_operator(ALEX)
START, END = "2025-11-17T14:04:57Z", "2025-11-17T21:52:52Z"


@pytest.fixture
def registry(db: None) -> Team:
    """One environment, integration, and the applications one, two and three."""
    Environment.objects.create(slug="integration", name="Integration", position=1)
    team = Team.objects.create(slug="web", name="Web")
    for slug in ("one", "two", "three"):
        Application.objects.create(slug=slug, name=slug, owner=team)
    return team


def row(app: str, *, start: str = START, end: str = END, environment: str = "integration", why: str = "Pause") -> str:
    return f"{start},{end},,{environment},{app},org_wide,{'re-enabled' if end else 'still off'},{why}"


def freezes(folder: Path, *rows: str) -> Path:
    file = folder / "freezes.csv"
    file.write_text("\n".join([HEADER, *rows]))
    return file


def applications(freeze: Freeze) -> list[str]:
    return sorted(one.slug for one in freeze.applications.all())


class TestReading:
    def test_gov_uk_s_101_rows_are_nine_freezes(self) -> None:
        file = read_freezes(FREEZES)

        assert file.rows == 101
        assert file.problems == []
        found = [(one.line, one.environment, len(one.applications), one.ends_at is None) for one in file.entries]
        assert found == [
            (2, "integration", 1, False),
            (3, "integration", 1, False),
            (4, "staging", 1, False),
            (5, "integration", 1, True),
            (6, "integration", 1, True),
            (7, "production", 1, True),
            (8, "staging", 1, True),
            (9, "integration", 48, False),
            (57, "staging", 46, False),
        ]

    def test_each_of_its_reasons_is_said_once_and_without_markup(self) -> None:
        assert [entry.reason[:75] for entry in read_freezes(FREEZES).entries] == [
            "Create config for publisher-on-postgres branch. Add initial image-tag file ",
            "Change promote_deployment and automatic_deploys to false. We don't have an ",
            "Turn off deployments for GOV.UK Chat. We're having a pen test done on GOV.U",
            "Add govuk-synthetic-test-app repo. Testing this out just in integration for",
            *["Add govuk synthetic test app canary. Add govuk-synthetic-test-app-canary im"] * 3,
            "Disable automatic deploys for all apps in integration",
            "Disable all automatic deploys in staging",
        ]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a || a b", "a. b"),
            ("Same || Same", "Same"),
            ("Freeze || Freezer is full", "Freeze. Freezer is full"),
            ("Title. || Title. And more.", "Title. And more"),
            ("|| only this ||", "only this"),
            ("\N{BLACK UNIVERSAL RECYCLING SYMBOL}\N{VARIATION SELECTOR-16} Turn off", "Turn off"),
            (":recycle: Turn off at 10:30:00", "Turn off at 10:30:00"),
            ("## Why\n\n**Because** of `router_api`", "Why Because of router_api"),
            ("See [the plan](https://example.org/plan) of #123 <!-- a note --> <b>now</b>", "See the plan of #123 now"),
            ("If x < 3 and y > 4", "If x < 3 and y > 4"),
            ("Caf\u00e9 \u2018closed\u2019 \u2013 \u00a35", "Caf\u00e9 \u2018closed\u2019 \u2013 \u00a35"),
            ("", NO_REASON),
            (" || ** || \N{ROCKET}", NO_REASON),
        ],
    )
    def test_a_reason_is_what_a_person_would_have_written(self, text: str, expected: str) -> None:
        assert clean_reason(text) == expected

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (row("one", start=""), "frozen_at_utc is missing."),
            (row("one", start="17/11/2025"), "frozen_at_utc: '17/11/2025' is no time with its offset"),
            (row("one", end=START), "unfrozen_at_utc: it ends before it starts."),
            (row("one", environment=""), "environment is missing."),
            (row(""), "app is missing."),
            (row("one").replace("re-enabled", ""), "outcome is missing."),
            (row("one").replace("re-enabled", "still off"), "it is 'still off', and there is an end in unfrozen"),
            (row("one", end="").replace("still off", "re-enabled"), "'re-enabled', and there is no end in unfrozen"),
            ("one,two", "it has 2 cells where the first line names 8 columns."),
        ],
    )
    def test_a_bad_row_is_a_problem_of_its_line_and_the_others_are_read(
        self, tmp_path: Path, bad: str, message: str
    ) -> None:
        file = read_freezes(freezes(tmp_path, row("two"), bad, row("three")))

        assert [problem.line for problem in file.problems] == [3]
        assert message in file.problems[0].message
        assert [dict(entry.applications) for entry in file.entries] == [{"two": 2, "three": 4}]

    def test_the_same_application_frozen_twice_at_once_is_a_problem(self, tmp_path: Path) -> None:
        file = read_freezes(freezes(tmp_path, row("one"), row("one", end="2025-11-18T09:00:00Z")))

        message = "one is frozen in integration from then on at line 2; that was taken."
        assert [(problem.line, problem.message) for problem in file.problems] == [(3, message)]
        assert len(file.entries) == 1

    def test_another_end_environment_or_reason_is_another_freeze(self, tmp_path: Path) -> None:
        others = (row("two", end=""), row("three", environment="staging"), row("four", why="Other"))

        assert len(read_freezes(freezes(tmp_path, row("one"), *others)).entries) == 4


@pytest.mark.django_db
class TestGovUk:
    """The year 2025, into a registry that has its applications."""

    def test_its_freezes_go_in_with_their_scope_times_and_reason(self) -> None:
        load_registry()

        out, err, error = run("import_calendar", "--freezes", FREEZES)

        assert (err, error) == ("", "")
        assert out.endswith("9 changes made.\n")
        assert Freeze.objects.count() == 9
        freeze = Freeze.objects.get(environments__slug="integration", starts_at=at("2025-11-17 14:04:57"))
        assert freeze.ends_at == at("2025-11-17 21:52:52")
        assert [one.slug for one in freeze.environments.all()] == ["integration"]
        assert freeze.applications.count() == 48
        assert freeze.reason == "Disable automatic deploys for all apps in integration"
        assert (freeze.declared_by, freeze.declared_at) == ("GOV.UK", freeze.starts_at)
        assert freeze.allows_by_hand
        assert freeze.allows_rollbacks
        holding = [one for one in Freeze.objects.with_scope() if one.holds_at(timezone.now())]
        assert sorted(one.scope for one in holding) == [
            "govuk-synthetic-test-app in integration",
            *(f"govuk-synthetic-test-app-canary in {where}" for where in ("integration", "production", "staging")),
        ]
        events = Event.objects.filter(kind__startswith="freeze.").values_list("kind", flat=True)
        assert Counter(events) == {"freeze.imported": 5, "freeze.declared": 4}
        chat = Freeze.objects.get(starts_at=at("2025-08-07 16:02:25"))
        assert Event.objects.get(subject=f"freeze:{chat.pk}").sentence.endswith(
            " imported a freeze of govuk-chat in staging, "
            "Thursday 7 August 2025 at 17:02 BST to Tuesday 19 August 2025 at 16:59 BST."
        )

    def test_a_dry_run_writes_nothing_and_a_second_import_changes_nothing(self) -> None:
        load_registry()
        events = Event.objects.count()

        out, _, _ = run("import_calendar", "--freezes", FREEZES, "--dry-run")

        assert "+ freeze of 48 applications in integration, Monday 17 November 2025, 14:04 to 21:52 GMT: Disable" in out
        assert out.endswith("dry run: 9 changes to make, none made.\n")
        assert (Freeze.objects.count(), Event.objects.count()) == (0, events)

        run("import_calendar", "--freezes", FREEZES)
        events = Event.objects.count()

        assert run("import_calendar", "--freezes", FREEZES) == ("Nothing to change.\n", "", "")
        assert (Freeze.objects.count(), Event.objects.count()) == (9, events)


@pytest.mark.usefixtures("registry")
class TestUnknown:
    def test_an_unknown_application_is_told_by_line_and_the_others_are_frozen(self, tmp_path: Path) -> None:
        file = freezes(tmp_path, row("one"), row("gone"), row("two"), row("gone", start="2025-01-01T00:00:00Z"))

        out, err, error = run("import_calendar", "--freezes", file)

        assert out.endswith("1 change made.\n")
        message = "There is no application 'gone' here: add it or import the registry first."
        assert err.splitlines() == [f"{file}:3: {message}", f"{file}:5: {message}"]
        assert error == "2 problems, told above by line. The rest was imported."
        assert applications(Freeze.objects.get()) == ["one", "two"]

    def test_an_unknown_environment_is_told_once_with_how_many_rows_it_has(self, tmp_path: Path) -> None:
        rows = [row(app, environment="live") for app in ("one", "two")]

        _, err, _ = run("import_calendar", "--freezes", freezes(tmp_path, *rows))

        assert err.endswith(":2: There is no environment 'live': there are integration; its 2 rows were not taken.\n")
        assert not Freeze.objects.exists()

    def test_an_application_that_came_later_is_added_by_the_next_import(self, tmp_path: Path, registry: Team) -> None:
        file = freezes(tmp_path, row("one"), row("four"))
        run("import_calendar", "--freezes", file)
        Application.objects.create(slug="four", name="four", owner=registry)

        out, _, error = run("import_calendar", "--freezes", file)

        assert error == ""
        assert out.startswith(f"~ freeze {Freeze.objects.get().pk} of four, one in integration: also of four\n")
        assert applications(Freeze.objects.get()) == ["four", "one"]
        assert Event.objects.filter(kind="freeze.imported").count() == 2


@pytest.mark.usefixtures("registry")
class TestAgain:
    """What became of a freeze in the file and here, between two imports."""

    def test_an_end_that_it_has_since_is_taken(self, tmp_path: Path) -> None:
        run("import_calendar", "--freezes", freezes(tmp_path, row("one", end="")))

        out, _, error = run("import_calendar", "--freezes", freezes(tmp_path, row("one", why="Said otherwise")))

        freeze = Freeze.objects.get()
        assert out.startswith(
            f"~ freeze {freeze.pk} of one in integration: Monday 17 November 2025, 14:04 to 21:52 GMT"
        )
        assert error == ""
        assert freeze.ends_at == at("2025-11-17 21:52:52")
        assert (freeze.reason, freeze.sequence) == ("Pause", 1)

    def test_one_that_was_lifted_here_stays_lifted(self, tmp_path: Path) -> None:
        file = freezes(tmp_path, row("one", end=""))
        run("import_calendar", "--freezes", file)
        lift(freeze=Freeze.objects.get(), reason="It is over.", rights=ANYONE)

        out, _, _ = run("import_calendar", "--freezes", file)
        assert out == "Nothing to change.\n"

        out, _, _ = run("import_calendar", "--freezes", freezes(tmp_path, row("one")))
        assert f":2: note: Freeze {Freeze.objects.get().pk} ends " in out
        assert out.endswith(" here, and that stays.\nNothing to change.\n")

    def test_an_end_that_it_was_given_here_stays(self, tmp_path: Path) -> None:
        file = freezes(tmp_path, row("one", end=""))
        run("import_calendar", "--freezes", file)
        ends_at = timezone.now() + timedelta(days=1)
        extend(freeze=Freeze.objects.get(), ends_at=ends_at, rights=ANYONE)

        assert run("import_calendar", "--freezes", file).out == "Nothing to change.\n"

        assert Freeze.objects.get().ends_at == ends_at

    def test_when_it_ended_for_some_of_its_applications_a_person_decides(self, tmp_path: Path) -> None:
        run("import_calendar", "--freezes", freezes(tmp_path, row("one", end=""), row("two", end="")))

        _, err, error = run("import_calendar", "--freezes", freezes(tmp_path, row("one"), row("two", end="")))

        freeze = Freeze.objects.get()
        assert err.endswith(
            f":2: Freeze {freeze.pk} is to end, but goes on for two: lift it, and declare those anew.\n"
        )
        assert error != ""
        assert freeze.ends_at is None

    def test_what_others_declared_here_is_no_import(self, tmp_path: Path) -> None:
        file = freezes(tmp_path, row("one"))
        run("import_calendar", "--freezes", file, "--declared-by", "Somebody")

        run("import_calendar", "--freezes", file)

        assert sorted(Freeze.objects.values_list("declared_by", flat=True)) == ["GOV.UK", "Somebody"]


def test_one_that_holds_still_catches_what_waits_and_what_is_booked(scene: Scene, tmp_path: Path) -> None:
    """Whoever has a slot or a promotion in it is told, as of any freeze."""
    scene.now = timezone.now().replace(second=0, microsecond=0)
    application = scene.application("one", environments=1)
    slot = booked(scene, application)
    release = scene.register(application, "v1")

    run("import_calendar", "--freezes", freezes(tmp_path, row("one", end="")), "--no-deploys-by-hand")
    scene.run(60)

    assert Event.objects.filter(kind="slot.frozen", subject=f"slot:{slot.pk}").count() == 1
    assert Event.objects.filter(kind="promotion.frozen").count() == 1
    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert promotion.waits_for[0].sentence == "one in integration is frozen by GOV.UK: Pause."
