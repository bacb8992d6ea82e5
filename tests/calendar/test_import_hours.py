"""Weekly hours and lengths of slots from a file of rules."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from apps_registry.importers.base import EntryError
from apps_registry.models import Environment
from deployer.audit.models import Event
from deployer.calendar.hours import WeeklyHours
from deployer.calendar.importers.apply_hours import apply_hours
from deployer.calendar.importers.report import Origin
from deployer.calendar.importers.rules_csv import SlotLengths, parse_hours, parse_lengths, read_rules
from deployer.calendar.models import EnvironmentCalendar, OpenHours
from tests.calendar.imports import RULES, run
from tests.scene import ALEX, Scene

HOURS = "Mon-Thu 09:30-17:00, Fri 09:30-16:00 Europe/London"
IN_WORDS = "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"


@pytest.fixture
def environments(db: None) -> list[Environment]:
    names = ("integration", "staging", "production")
    return [
        Environment.objects.create(slug=name, name=name, position=number, is_production=name == "production")
        for number, name in enumerate(names)
    ]


def rules(folder: Path, *rows: str) -> Path:
    file = folder / "rules.csv"
    file.write_text("\n".join(["rule,text,in_force", *rows]))
    return file


def stored(environment: str = "production") -> list[tuple[int, str, str]]:
    found = OpenHours.objects.filter(calendar__environment__slug=environment)
    return [(one.weekday, f"{one.opens:%H:%M}", f"{one.closes:%H:%M}") for one in found]


def test_gov_uk_s_rule_is_read_and_what_it_says_besides_is_told() -> None:
    found = read_rules(RULES)

    event = "event must name the app(s), should have description and build numbers"
    assert found.hours is not None
    assert found.hours.in_words() == IN_WORDS
    assert found.lengths == SlotLengths(usual=30, longest=60)
    assert found.problems == []
    assert [(note.line, note.message) for note in found.notes] == [
        (2, "deploy_window also says what was not read: start from 9:30 and be finished by the end."),
        (3, "slot_length also says what was not read: one release at a time."),
        (3, f"slot_length also says what was not read: {event}."),
        (3, "slot_length was in force until 2017-05-15."),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon 09:00-17:00 UTC", [(0, "09:00", "17:00")]),
        ("Sat-Sun 22:00-04:00 Asia/Tokyo", [(5, "22:00", "04:00"), (6, "22:00", "04:00")]),
        ("Tue 09:00-12:00, Tue 13:00-17:00 UTC", [(1, "09:00", "12:00"), (1, "13:00", "17:00")]),
        ("Mon 00:00-00:00, Tue 00:00-06:00 UTC", [(0, "00:00", "00:00"), (1, "00:00", "06:00")]),
        ("Fri 10:00-11:00, Mon 10:00-11:00 UTC", [(0, "10:00", "11:00"), (4, "10:00", "11:00")]),
    ],
)
def test_days_ranges_and_hours_across_midnight_are_read(text: str, expected: list[tuple[int, str, str]]) -> None:
    weekly = [
        WeeklyHours(day, time.fromisoformat(opens), time.fromisoformat(closes)) for day, opens, closes in expected
    ]

    assert list(parse_hours(text, 1).weekly) == weekly


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mon-Thu 09:30-17:00", "'09:30-17:00' is not a time zone"),
        ("Mon-Thu 09:30-17:00 London", "'London' is not a time zone: use an IANA name such as Europe/London."),
        ("Mon-Thu 9:30-17:00 Europe/London", "'Mon-Thu 9:30-17:00' is not days and hours"),
        ("Mon-Thu 09:30\N{EN DASH}17:00 Europe/London", "is not days and hours"),
        ("Mon-Thu 09:30-17:00, Europe/London", "'' is not days and hours"),
        ("Weekdays 09:30-17:00 Europe/London", "'Weekdays 09:30-17:00' is not days and hours"),
        ("Mo-Th 09:30-17:00 Europe/London", "is not days and hours"),
        ("Mon-Xyz 09:30-17:00 Europe/London", "'Xyz' is no day: there are Mon, Tue, Wed, Thu, Fri, Sat, Sun."),
        ("Sat-Mon 09:30-17:00 Europe/London", "goes beyond Sunday"),
        ("Mon 09:30-24:00 Europe/London", "'24:00' is no time of day. Midnight is 00:00."),
        ("Mon 09:30-17:60 Europe/London", "'17:60' is no time of day."),
        ("Mon 09:30-09:30 Europe/London", "closes when it opens; all day is 00:00-00:00."),
        ("Mon-Thu 09:30-17:00, Thu 16:59-18:00 UTC", "Thursday 09:30 to 17:00 overlaps the hours after it."),
        ("Mon 09:30-17:00, Mon 09:30-16:00 UTC", "overlaps the hours after it."),
        ("Mon 22:00-04:00, Tue 03:00-05:00 UTC", "Monday 22:00 to 04:00 the next day overlaps the hours after it."),
        ("Mon 03:00-05:00, Sun 22:00-04:00 UTC", "Sunday 22:00 to 04:00 the next day overlaps the hours after it."),
        ("", "'' is not a time zone"),
    ],
)
def test_hours_that_can_not_be_meant_are_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(EntryError) as error:
        parse_hours(text, 5)

    assert error.value.problem.line == 5
    assert error.value.problem.message.startswith("deploy_window: ")
    assert message in error.value.problem.message


@pytest.mark.parametrize(
    "text",
    [
        "30 minutes",
        "30 to 60 minutes",
        "60 minutes for normal changes, 30 minutes for larger or more complex ones",
        "0 minutes for normal changes, 30 minutes for larger or more complex ones",
        "30 minutes for normal changes, 1441 minutes for larger or more complex ones",
    ],
)
def test_lengths_that_can_not_be_meant_are_refused(text: str) -> None:
    with pytest.raises(EntryError, match="slot_length: "):
        parse_lengths(text, 3)


def test_production_gets_gov_uk_s_hours_and_bank_holidays(environments: list[Environment]) -> None:
    out, err, error = run("import_calendar", "--hours", RULES)

    assert out.startswith(f"+ calendar of production: {IN_WORDS}; slots of 30 minutes, at most 60\n")
    assert out.endswith("1 change made.\n")
    assert (err, error) == ("", "")
    calendar = EnvironmentCalendar.objects.get()
    assert calendar.environment == environments[2]
    assert (calendar.holidays_country, calendar.holidays_subdivision) == ("GB", "ENG")
    assert (calendar.limits.length, calendar.limits.longest) == (timedelta(minutes=30), timedelta(hours=1))
    assert stored() == [*((day, "09:30", "17:00") for day in range(4)), (4, "09:30", "16:00")]


def test_a_second_import_of_hours_changes_nothing(environments: list[Environment]) -> None:
    run("import_calendar", "--hours", RULES)
    events = Event.objects.count()

    out, _, error = run("import_calendar", "--hours", RULES)

    assert out.endswith("Nothing to change.\n")
    assert error == ""
    assert Event.objects.count() == events


def test_a_dry_run_of_hours_says_what_it_would_do_and_writes_nothing(environments: list[Environment]) -> None:
    out, _, _ = run("import_calendar", "--hours", RULES, "--dry-run")

    assert "+ calendar of production" in out
    assert "dry run: 1 change to make, none made" in out
    assert not EnvironmentCalendar.objects.exists()
    assert not Event.objects.exists()


def test_the_environments_that_are_named_get_the_hours_and_no_others(environments: list[Environment]) -> None:
    run("import_calendar", "--hours", RULES, "--environment", "integration", "--environment", "staging")

    found = EnvironmentCalendar.objects.values_list("environment__slug", flat=True)
    assert list(found) == ["integration", "staging"]


def test_the_file_s_hours_replace_others_and_what_it_does_not_say_stays(
    environments: list[Environment], tmp_path: Path
) -> None:
    calendar = EnvironmentCalendar.objects.create(
        environment=environments[2], zone="Asia/Tokyo", holidays_country="JP", holidays_subdivision="", slot_minutes=15
    )
    for weekday, opens, closes in ((0, "09:30", "12:00"), (0, "13:00", "17:00"), (5, "09:30", "17:00")):
        OpenHours.objects.create(calendar=calendar, weekday=weekday, opens=opens, closes=closes)

    out, _, _ = run("import_calendar", "--hours", rules(tmp_path, f'deploy_window,"{HOURS}",'))

    assert out.startswith(f"~ calendar of production: {IN_WORDS}; slots of 15 minutes, at most 60\n")
    calendar.refresh_from_db()
    assert (calendar.zone, calendar.holidays_country, calendar.slot_minutes) == ("Europe/London", "JP", 15)
    assert stored() == [*((day, "09:30", "17:00") for day in range(4)), (4, "09:30", "16:00")]
    kinds = sorted(Event.objects.values_list("kind", flat=True))
    assert kinds == [
        "calendar.environment_calendar.changed",
        "calendar.open_hours.changed",
        *["calendar.open_hours.created"] * 4,
        *["calendar.open_hours.deleted"] * 2,
    ]
    assert set(Event.objects.values_list("environment", "reason")) == {("production", "Import of rules.csv")}


def test_lengths_that_can_not_be_read_are_told_by_line_and_the_hours_go_in(
    environments: list[Environment], tmp_path: Path
) -> None:
    file = rules(tmp_path, "slot_length,half an hour,", "puppet_gap,30 minutes,", f'deploy_window,"{HOURS}",')

    _, err, error = run("import_calendar", "--hours", file)

    assert err.startswith(f"{file}:2: slot_length: 'half an hour' does not say both lengths; write '30 minutes for")
    assert error == "1 problem, told above by line. The rest was imported."
    assert len(stored()) == 5


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("deploy_window,whenever,", ":2: deploy_window: 'whenever' is not a time zone"),
        ("hold,no,", ":1: there is no rule deploy_window, which says the hours."),
    ],
)
def test_without_hours_that_can_be_read_nothing_is_written(
    environments: list[Environment], tmp_path: Path, row: str, problem: str
) -> None:
    file = rules(tmp_path, row)

    out, err, error = run("import_calendar", "--hours", file)

    assert err.startswith(f"{file}{problem}")
    assert error.startswith("1 problem")
    assert out == "Nothing to change.\n"
    assert not EnvironmentCalendar.objects.exists()


def test_of_two_rules_for_one_thing_the_first_is_taken(environments: list[Environment], tmp_path: Path) -> None:
    file = rules(tmp_path, f'deploy_window,"{HOURS}",', "deploy_window,Sun 10:00-11:00 UTC,")

    _, err, _ = run("import_calendar", "--hours", file)

    assert err == f"{file}:3: deploy_window is also at line 2; that was taken.\n"
    assert len(stored()) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Say what to import: --hours FILE, --freezes FILE or both."),
        (["--environment", "production"], "--environment says which gets the hours: give --hours FILE, too."),
        (["--hours", RULES, "--environment", "live"], "--environment: there is no 'live': there are integration"),
        (["--hours", "none.csv"], "none.csv can't be read: No such file or directory. Nothing was imported."),
        (["--hours", RULES, "--declared-by", " "], "--declared-by: give a name of at most 150 characters."),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(
    environments: list[Environment], options: list[object], message: str
) -> None:
    out, _, error = run("import_calendar", *options)

    assert error.startswith(message)
    assert out == ""
    assert not EnvironmentCalendar.objects.exists()


def test_where_no_environment_is_production_one_must_be_named(environments: list[Environment]) -> None:
    Environment.objects.update(is_production=False)

    assert run("import_calendar", "--hours", RULES).error.startswith("No environment is production: name one with")


def test_what_waits_is_asked_again_at_once_when_hours_come_in(scene: Scene) -> None:
    calendar = scene.hours(scene.environments[2])
    calendar.open_hours.all().delete()
    OpenHours.objects.create(calendar=calendar, weekday=6)
    release = scene.register(scene.application(), "v1")
    scene.run(600)
    assert scene.states(release)["production"] == "waiting"

    with transaction.atomic():
        apply_hours(read_rules(RULES), Origin(by=ALEX, now=scene.now, file="rules.csv"), scene.environments[2:])

    assert scene.promotion(release, "production").due_at == scene.now
    scene.run(60)
    assert scene.states(release)["production"] == "succeeded"
