"""How times and states are shown."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from deployer.web.templatetags.deployer import duration, short, state_tag, web_url
from tests.web.pages import text_of

NOW = datetime(2026, 3, 29, 12, 30, 15, tzinfo=UTC)


def shown(tag: str, **values: object) -> str:
    with timezone.override(ZoneInfo("Europe/London")):
        return Template("{% load deployer %}{% " + tag + " %}").render(Context({"now": NOW, **values}))


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=0.4), "just now"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=59.9), "59 seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(hours=24), "28 Mar, 12:30"),
        (timedelta(days=120), "29 Nov 2025, 12:30"),
    ],
)
def test_since_says_how_long_ago_and_from_a_day_on_when(ago: timedelta, text: str) -> None:
    assert text_of(shown("since at", at=NOW - ago)) == text


def test_a_time_carries_the_exact_moment_with_its_zone_on_both_sides_of_a_clock_change() -> None:
    before, after = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)

    assert shown("clock at", at=before) == (
        '<time datetime="2026-03-29T00:59:59+00:00" title="29 March 2026 at 00:59:59 GMT">00:59:59</time>'
    )
    assert shown("clock at", at=after) == (
        '<time datetime="2026-03-29T02:00:00+01:00" title="29 March 2026 at 02:00:00 BST">02:00:00</time>'
    )


def test_another_day_is_named_by_the_readers_midnight() -> None:
    assert text_of(shown("clock at", at=datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC))) == "28 Mar, 23:59:59"
    assert text_of(shown("until at", at=datetime(2026, 3, 29, 22, 59, tzinfo=UTC))) == "23:59"
    assert text_of(shown("until at", at=datetime(2026, 3, 29, 23, 0, tzinfo=UTC))) == "30 Mar, 00:00"


def test_what_has_not_happened_has_no_time() -> None:
    assert shown("clock at", at=None) == ""
    assert shown("took start finish", start=None, finish=None) == ""


def test_took_says_so_when_it_has_not_ended() -> None:
    start = NOW - timedelta(minutes=2, seconds=30)

    assert shown("took start finish", start=start, finish=NOW) == "2 min 30 s"
    assert shown("took start finish", start=start, finish=None) == "2 min 30 s so far"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "under 1 s"),
        (0.4, "under 1 s"),
        (12, "12 s"),
        (60, "1 min"),
        (3 * 3600 + 5 * 60 + 7, "3 h 5 min"),
        (86400, "1 day"),
        (2 * 86400 + 4 * 3600, "2 days 4 h"),
        (41 * 86400 + 120, "41 days"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


def test_a_state_is_told_in_words_and_colour() -> None:
    assert state_tag("failed") == '<strong class="govuk-tag govuk-tag--red">Failed</strong>'
    assert state_tag("<b>") == '<strong class="govuk-tag govuk-tag--grey">&lt;b&gt;</strong>'


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ci.example.org/1", True),
        ("http://ci.example.org/1", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example.org", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str, *, kept: bool) -> None:
    assert web_url(url) == (url if kept else "")


@pytest.mark.parametrize(("version", "text"), [("v12", "v12"), ("a" * 40, "a" * 12), ("release-" + "1" * 40, None)])
def test_a_commit_id_is_shortened(version: str, text: str | None) -> None:
    assert short(version) == (text or version)
