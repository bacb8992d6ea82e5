"""GOV.UK's 2025 put to the calendar's rules. The numbers are in docs/calendar.md, which is held against them here."""

import csv
import gzip
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from apps_registry.models import Application, Environment, Team
from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.models import Freeze
from deployer.calendar.replay import PastDeploy, Tally, replay
from deployer.calendar.rules import CalendarFacts, FreezeFacts
from tests.calendar.bookings import at
from tests.calendar.imports import DEPLOYMENTS, FREEZES, ROOT, RULES, Ran, load_registry, run

DOCS = ROOT / "docs" / "calendar.md"
LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = {date(2025, *day) for day in ((1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26))}
"""Of England and Wales, as https://www.gov.uk/bank-holidays has them."""


def numbers(text: str) -> dict[str, str]:
    """The cells of a printed table, by environment and trigger."""
    lines = [line.split() for line in text.splitlines() if re.fullmatch(r" *[a-z]+ +[a-z_]+( +([0-9,]+|-)){8}", line)]
    return {f"{environment} {trigger}": " ".join(cells) for environment, trigger, *cells in lines}


@pytest.mark.django_db
def test_gov_uk_s_2025_has_the_numbers_that_the_docs_say() -> None:
    docs = DOCS.read_text()
    load_registry()
    assert run("import_calendar", "--hours", RULES, "--freezes", FREEZES).error == ""

    ran = run("replay_calendar", DEPLOYMENTS)

    assert (ran.err, ran.error) == ("", "")
    assert numbers(ran.out) == {
        "integration pipeline": "14,898 - - - 167 29 826 138",
        "integration pull_request": "12 - - - 4 2 4 2",
        "integration direct_commit": "1 - - - 0 0 0 0",
        "integration all": "14,911 - - - 171 31 830 140",
        "staging pipeline": "10,021 - - - 26 1 308 25",
        "staging pull_request": "6 - - - 1 0 1 1",
        "staging all": "10,027 - - - 27 1 309 26",
        "production pipeline": "9,443 2,563 206 0 0 0 400 2,769",
        "production pull_request": "6 2 0 0 1 0 1 3",
        "production all": "9,449 2,565 206 0 1 0 401 2,772",
    }
    assert "".join(f"    {line}\n" for line in ran.out.splitlines()) in docs

    summer = run("replay_calendar", DEPLOYMENTS, "--from", "2025-03-30", "--until", "2025-10-26")

    assert numbers(summer.out)["production all"] == "5,366 421 111 0 1 0 220 533"


def recorded(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open(newline="") as text:
        return list(csv.DictReader(text))


class TestByPlainPython:
    """The docs' numbers counted again from the files, without Deployer's code."""

    docs = " ".join(DOCS.read_text().split())
    table = numbers(DOCS.read_text())

    def test_hours_and_holidays(self) -> None:
        deploys = [
            datetime.fromisoformat(row["deployed_at_utc"]).astimezone(LONDON)
            for row in recorded(DEPLOYMENTS)
            if row["environment"] == "production"
        ]
        closing = {at: time(16) if at.weekday() == 4 else time(17) for at in deploys}
        inside = [at for at in deploys if at.weekday() < 5 and time(9, 30) <= at.time() < closing[at]]
        too_late = [at for at in inside if at.time() > time(closing[at].hour - 1, 30)]
        holidays = [at for at in deploys if at.date() in BANK_HOLIDAYS]

        outside = set(deploys) - set(inside)
        found = [len(deploys), sum(at in outside for at in deploys), len(too_late), len(holidays)]
        assert self.table["production all"].split()[:4] == [f"{number:,}" for number in found]
        assert f"{found[1] / found[0]:.1%} of the deployments to production" in self.docs
        assert f"another {found[2] / found[0]:.1%} too late" in self.docs
        for is_summer, sentence in ((True, "{} of {} in summer time"), (False, "and {} of {} in winter")):
            season = [at for at in deploys if bool(at.dst()) == is_summer]
            assert sentence.format(f"{sum(at in outside for at in season):,}", f"{len(season):,}") in self.docs
        at_nine = sum(time(8, 50) <= at.astimezone(UTC).time() < time(9, 10) for at in deploys)
        assert f"{at_nine:,} of {len(deploys):,} went to production between 08:50 and 09:10 UTC" in self.docs

    def test_freezes(self) -> None:
        times: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for row in recorded(FREEZES):
            time_off = (row["frozen_at_utc"], row["unfrozen_at_utc"] or "9999")
            times.setdefault((row["environment"], row["app"]), []).append(time_off)
        frozen = [
            (row, at == first)
            for row in recorded(DEPLOYMENTS)
            for at in [row["deployed_at_utc"]]
            for first, until in times.get((row["environment"], row["app"]), [])
            if first <= at < until
        ]

        for environment in ("integration", "staging", "production"):
            here = [row for row, _ in frozen if row["environment"] == environment]
            by_hand = [row for row in here if row["promote_deployment"] == "false"]
            assert self.table[f"{environment} all"].split()[4:6] == [str(len(here)), str(len(by_hand))]
        by_hand = [row for row, _ in frozen if row["promote_deployment"] == "false"]
        assert f"{len(frozen)} deployments went where automatic deploys had been switched off" in self.docs
        assert f"only {len(by_hand)} of them by hand" in self.docs
        assert f"{sum(is_first for _, is_first in frozen)} are the very commit that switched them off" in self.docs


class TestCounting:
    """What each column counts."""

    NOON = at("2025-03-03 12:00")
    HOURS = Hours(
        zone="UTC",
        weekly=tuple(WeeklyHours(day, time(9), time(17)) for day in range(5)),
        closed={date(2025, 3, 4): "Pancake Day"},
    )

    def tally(self, moment: datetime, *, by_hand: bool = False, **fields: object) -> Tally:
        deploy = PastDeploy(at=moment, environment="live", application="one", trigger="ci", by_hand=by_hand)
        facts = CalendarFacts(
            application="one",
            environment="live",
            by_hand=by_hand,
            lasts=timedelta(minutes=30),
            **fields,  # type: ignore[arg-type]
        )
        return replay([deploy], lambda _: facts)["live", "ci"]

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2025-03-03 08:59:59", Tally(deploys=1, outside=1, refused=1)),
            ("2025-03-03 09:00", Tally(deploys=1)),
            ("2025-03-03 16:30", Tally(deploys=1)),
            ("2025-03-03 16:30:01", Tally(deploys=1, too_late=1, refused=1)),
            ("2025-03-03 17:00", Tally(deploys=1, outside=1, refused=1)),
            ("2025-03-04 12:00", Tally(deploys=1, closed_day=1, refused=1)),
            ("2025-03-04 08:00", Tally(deploys=1, closed_day=1, outside=1, refused=1)),
            ("2025-03-08 12:00", Tally(deploys=1, outside=1, refused=1)),
        ],
    )
    def test_hours_and_holidays(self, moment: str, expected: Tally) -> None:
        assert self.tally(at(moment), hours=self.HOURS) == expected

    def test_without_hours_nothing_is_outside_of_them(self) -> None:
        assert self.tally(at("2025-03-08 03:00")) == Tally(deploys=1)

    @pytest.mark.parametrize(
        ("allows", "by_hand", "expected"),
        [
            (True, True, Tally(deploys=1, frozen=1, frozen_by_hand=1)),
            (True, False, Tally(deploys=1, frozen=1, refused=1)),
            (False, True, Tally(deploys=1, frozen=1, frozen_by_hand=1, refused=1)),
            (False, False, Tally(deploys=1, frozen=1, refused=1)),
        ],
    )
    def test_a_freeze_counts_whoever_asked_and_refuses_whom_it_does_not_let_through(
        self, allows: bool, by_hand: bool, expected: Tally
    ) -> None:
        freeze = FreezeFacts(
            id=1, scope="All", reason="Why", declared_by="Sam", starts_at=self.NOON, allows_by_hand=allows
        )

        assert self.tally(self.NOON, by_hand=by_hand, freezes=[freeze]) == expected
        assert self.tally(self.NOON - timedelta(seconds=1), by_hand=by_hand, freezes=[freeze]) == Tally(deploys=1)


@pytest.mark.django_db
class TestTheCommand:
    HEADER = "deployed_at_utc,environment,app,trigger,promote_deployment,automatic_deploys_enabled"

    @pytest.fixture(autouse=True)
    def _registry(self) -> None:
        environment = Environment.objects.create(slug="live", name="Live", position=1)
        team = Team.objects.create(slug="web", name="Web")
        for slug in ("one", "two"):
            Application.objects.create(slug=slug, name=slug, owner=team)
        starts_at = at("2025-03-03 12:00")
        everything = Freeze.objects.create(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), reason="All")
        everything.environments.add(environment)
        teams = Freeze.objects.create(starts_at=starts_at + timedelta(hours=2), reason="Web's")
        teams.teams.add(team)

    def replayed(self, folder: Path, *rows: str, options: tuple[str, ...] = ()) -> Ran:
        file = folder / "deployments.csv"
        file.write_text("\n".join([self.HEADER, *rows]))
        return run("replay_calendar", file, *options)

    def test_a_freeze_of_a_team_counts_for_its_applications_and_one_of_everything_for_all(self, tmp_path: Path) -> None:
        ran = self.replayed(
            tmp_path,
            "2025-03-03T12:30:00Z,live,one,ci,true,true",
            "2025-03-03T13:30:00Z,live,one,ci,true,true",
            "2025-03-03T14:30:00Z,live,two,ci,,",
            "2025-03-03T12:30:00Z,live,gone,ci,true,true",
            "2025-03-03T14:30:00Z,live,gone,ci,false,false",
        )

        assert numbers(ran.out) == {"live ci": "5 - - - 3 0 1 3"}
        assert "note: Not in the registry, so that freezes which name them are not counted: gone (2).\n" in ran.out

    def test_what_went_where_there_is_no_environment_is_told_and_not_counted(self, tmp_path: Path) -> None:
        row = "2025-03-03T12:30:00Z,{},one,ci,true,true"

        ran = self.replayed(tmp_path, row.format("live"), row.format("test"))

        assert numbers(ran.out) == {"live ci": "1 - - - 1 0 0 1"}
        assert ran.out.endswith("note: There is no environment 'test' here: its 1 were not counted.\n")

    def test_a_bad_row_is_told_by_line_and_the_others_are_counted(self, tmp_path: Path) -> None:
        ran = self.replayed(tmp_path, "today,live,one,ci,,", "2025-03-03T12:30:00Z,live,one,ci,,", "x,live,one,ci,no,")

        assert [line.split(": ")[0].rpartition(":")[2] for line in ran.err.splitlines()] == ["2", "4"]
        assert ran.error == "2 rows were not counted, told above by line."
        assert numbers(ran.out)["live ci"].split()[0] == "1"

    def test_a_day_begins_at_the_server_s_midnight(self, tmp_path: Path) -> None:
        """Whose clocks are London's here, an hour ahead of UTC in June."""
        rows = [f"2025-06-{when}:00Z,live,one,ci,," for when in ("09T22:59", "09T23:00", "10T22:59", "10T23:00")]

        ran = self.replayed(tmp_path, *rows, options=("--from", "2025-06-10", "--until", "2025-06-11"))

        assert numbers(ran.out)["live ci"].split()[0] == "2"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--from", "2025-06-31"), "Error: argument --from: '2025-06-31' is no day: write it such as 2025-03-30."),
            (("--from", "2026-01-01"), " tells of no deploy of that time."),
        ],
    )
    def test_days_that_are_none_are_refused(self, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
        assert self.replayed(tmp_path, "2025-03-03T12:30:00Z,live,one,ci,,", options=options).error.endswith(message)

    def test_a_file_that_is_none_is_refused(self, tmp_path: Path) -> None:
        assert run("replay_calendar", tmp_path / "none").error.endswith(
            "none can't be read: No such file or directory. Nothing was replayed."
        )
        assert run("replay_calendar", RULES).error.endswith(
            "deploy_rules.csv:1: names no column deployed_at_utc, environment, app, trigger, promote_deployment, "
            "automatic_deploys_enabled in its first line. Nothing was replayed."
        )
        assert self.replayed(tmp_path).error.endswith(" tells of no deploy.")
