"""The audit's page: every event, the newest first, by any filter, and what it is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from deployer.access.models import User
from deployer.audit.models import Event
from deployer.web.audit import kinds, listing
from tests.web import pages
from tests.web.pages import rows_of, text_of

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def event(sentence: str = "It happened.", **fields: Any) -> Event:
    values = {"kind": "promotion.succeeded", "actor_kind": "system", "actor_ref": "engine", "actor_label": "Deployer"}
    return Event.objects.create(**values | {"at": NOON, "sentence": sentence} | fields)


def sentences(reader: Client, **query: Any) -> list[str]:
    found = reader.get("/audit/", query).context["events"]
    return [one.event.sentence for one in found]


def test_events_are_shown_the_newest_first_with_who_why_and_what_they_are_about(reader: Client, person: User) -> None:
    promotion = pages.promotion(pages.application("frontend"), "staging", "v1")
    event("First.")
    event(
        "Jo asked to abort it.",
        kind="promotion.abort_requested",
        actor_kind="user",
        actor_ref=str(person.pk),
        actor_label="Jo Okafor",
        application="frontend",
        environment="staging",
        promotion_id=promotion.pk,
        reason="Too slow.",
        subject="slot:12",
        data={"title": "frontend v1"},
    )

    page = reader.get("/audit/")

    assert (
        rows_of(page)[0]
        .split(" Details")[0]
        .endswith("Promotions: an abort was asked for Jo asked to abort it. Reason: Too slow.")
    )
    for url in ("/applications/frontend/", "/environments/staging/", promotion.get_absolute_url(), "/slots/12/"):
        assertContains(page, f'<a href="{url}" class="app-link">')
    assertContains(page, f'<a href="{person.get_absolute_url()}" class="app-link">Jo Okafor</a>')
    assert "frontend v1" in text_of(page)
    assert len(rows_of(page)) == 2


def test_what_is_no_longer_there_is_named_without_a_link(reader: Client) -> None:
    event(application="gone", environment="moon", actor_kind="user", actor_ref="999", actor_label="Somebody")

    page = reader.get("/audit/")

    assertNotContains(page, "/applications/gone/")
    assertNotContains(page, "/people/999/")
    assert "gone, moon" in text_of(page)


def test_whatever_is_written_in_an_event_is_only_text_and_what_is_called_a_secret_is_left_out(reader: Client) -> None:
    bad = "<script>alert(1)</script>"
    event(bad, reason=bad, actor_label=bad, application=bad, subject=f"slot:{bad}", data={bad: bad, "password": "pony"})
    event(subject="slot:" + "9" * 50)

    page = reader.get("/audit/")

    assertNotContains(page, "<script>a")
    assertNotContains(page, "pony")
    assertContains(page, "(not shown)")


class TestFilters:
    @pytest.fixture(autouse=True)
    def events(self, person: User) -> None:
        pages.application("frontend")
        event("A", application="frontend", environment="staging", kind="promotion.failed", promotion_id=7)
        event("B", application="router", kind="hold.placed", actor_kind="user", actor_ref=str(person.pk))
        event(
            "C", kind="veto.placed", actor_kind="token", actor_ref="3", actor_label="token ci", reason="It leaks 100%"
        )
        event("D", kind="slot.booked", actor_kind="user", actor_ref="99")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "DCBA"),
            ({"application": "frontend"}, "A"),
            ({"application": " Router "}, "B"),
            ({"environment": "staging"}, "A"),
            ({"kind": "promotion.failed"}, "A"),
            ({"kind": "holds"}, "CB"),
            ({"kind": "slots"}, "D"),
            ({"who": "user"}, "DB"),
            ({"who": "system"}, "A"),
            ({"who": "token:3"}, "C"),
            ({"who": "user:99"}, "D"),
            ({"promotion": "7"}, "A"),
            ({"promotion": "#7"}, "A"),
            ({"text": "leaks 100%"}, "C"),
            ({"text": "%"}, "C"),
            ({"kind": "holds", "who": "user"}, "B"),
            ({"application": "frontend", "kind": "holds"}, ""),
        ],
    )
    def test_each_narrows_and_they_go_together(self, reader: Client, query: dict[str, str], found: str) -> None:
        assert "".join(sentences(reader, **query)) == found

    @pytest.mark.parametrize(
        ("field", "value", "error"),
        [
            ("application", "nothing", "No application is called nothing"),
            ("application", "x" * 101, "The application must be at most 100 characters long"),
            ("environment", "moon", "Choose an environment from the list"),
            ("kind", "promotion.exploded", "Choose what happened from the list"),
            ("who", "nobody", "Choose who did it from the list"),
            ("who", "user:\0", "Choose who did it from the list"),
            ("promotion", "seven", "Enter the number of a promotion, such as 120"),
            ("promotion", "9" * 400, "Enter the number of a promotion, such as 120"),
            ("promotion", "²", "Enter the number of a promotion, such as 120"),
            ("since", "31/2/2026", "Enter a day that exists"),
            ("until", "1066-10-14", "Enter a year from 2000 to 2199"),
        ],
    )
    def test_a_bad_value_gets_an_error_at_its_field(self, reader: Client, field: str, value: str, error: str) -> None:
        page = reader.get("/audit/", {field: value})

        assertContains(page, "There is a problem")
        assertContains(page, f'<a href="#id_{field}">{error}')
        assertContains(page, f'id="id_{field}-error"')
        assert page.context["events"] == []
        assert reader.get("/audit/audit.csv", {field: value}).status_code == 400

    def test_the_days_must_be_in_order(self, reader: Client) -> None:
        page = reader.get("/audit/", {"since": "2026-03-03", "until": "2026-03-02"})

        assertContains(page, '<a href="#id_until">The last day must not be before the first</a>')

    def test_what_is_chosen_stays_chosen_and_in_every_address(self, reader: Client, person: User) -> None:
        for number in range(listing.SHOWN):
            event(f"{number}", kind="hold.placed", actor_kind="user", actor_ref=str(person.pk))

        page = reader.get("/audit/", {"kind": "holds", "who": "user", "page": "9"})

        assertContains(page, '<option value="holds" selected>')
        assertContains(page, '<option value="user" selected>')
        assertContains(page, "/audit/audit.csv?who=user&amp;kind=holds")
        assertContains(page, "&amp;who=user&amp;kind=holds")
        assertContains(page, "Clear the filter")

    def test_nothing_found_leads_out(self, reader: Client) -> None:
        assertContains(reader.get("/audit/", {"text": "never"}), "Nothing matches.")


def test_days_are_the_readers(reader: Client, person: User) -> None:
    person.time_zone = "Asia/Tokyo"
    person.save()
    event("In Tokyo that was the 3rd.", at=datetime(2026, 3, 3, 14, 59, tzinfo=UTC))
    event("And that the 4th.", at=datetime(2026, 3, 3, 15, tzinfo=UTC))

    assert sentences(reader, until="2026-03-03") == ["In Tokyo that was the 3rd."]
    assert sentences(reader, since="4 March 2026") == ["And that the 4th."]
    assert sentences(reader, since="2026-03-03", until="2026-03-04") == [
        "And that the 4th.",
        "In Tokyo that was the 3rd.",
    ]
    assert sentences(reader, until="2026-03-02") == []
    assert sentences(reader, since="2026-03-05") == []


def test_pages_follow_each_other_whatever_comes_meanwhile(reader: Client) -> None:
    for number in range(120):
        event(f"{number}", application="frontend" if number % 2 else "")
    first = reader.get("/audit/")
    event("New.")

    older = reader.get(f"/audit/?{first.context['older']}")
    last = reader.get(f"/audit/?{older.context['older']}")
    back = reader.get(f"/audit/?{older.context['newer']}")

    shown = [one.event.sentence for page in (first, older, last) for one in page.context["events"]]
    assert shown == [str(number) for number in range(119, -1, -1)]
    assert last.context["older"] == ""
    assert [one.event.sentence for one in back.context["events"]] == [str(number) for number in range(119, 69, -1)]
    assertContains(older, "To the newest")


@pytest.mark.parametrize("cursor", ["before=x", "after=-1", "before=" + "9" * 40, "before=1", "after=999999"])
def test_a_place_that_is_none_is_no_error(reader: Client, cursor: str) -> None:
    event()

    assert reader.get(f"/audit/?{cursor}").status_code == 200


def test_nothing_has_happened_yet(reader: Client, person: User) -> None:
    assertContains(reader.get("/audit/"), "Nothing has happened yet")


def test_a_search_that_takes_too_long_says_how_far_it_came_and_goes_on(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "STRETCH", 10)
    monkeypatch.setattr(listing, "PATIENCE", 0.0)
    event("The one.", at=NOON - timedelta(days=9))
    for _ in range(25):
        event()
    query, rounds = "text=The+one", 0
    page = reader.get(f"/audit/?{query}")
    while not page.context["events"] and rounds < 5:
        rounds += 1
        assertContains(page, "to there it was looked for")
        page = reader.get(f"/audit/?{query}&before={page.context['page'].older}")

    assert 0 < rounds < 5
    assert [one.event.sentence for one in page.context["events"]] == ["The one."]


@pytest.mark.parametrize("number", [3, 12])
def test_it_asks_as_much_of_many_applications(reader: Client, number: int, django_assert_num_queries: Any) -> None:
    for at in range(number):
        pages.application(f"app-{at}")
        event(application=f"app-{at}", environment="staging", actor_kind="user", actor_ref=str(at))
    reader.get("/audit/")

    with django_assert_num_queries(11):
        reader.get("/audit/")


class TestNewOnes:
    def test_an_open_page_is_told_how_many_have_come_and_its_rows_stay(self, reader: Client) -> None:
        event("Old.")
        page = reader.get("/audit/", {"kind": "promotions"})
        newest = page.context["page"].newest
        event("New.")
        event("Of another kind.", kind="hold.placed")

        hint = reader.get("/audit/new/", {"newest": newest, "kind": "promotions", "only": "audit-new"})

        assertContains(page, f'data-live-source="/audit/new/?newest={newest}&amp;kind=promotions"')
        assert "Show 1 new event" in text_of(hint)
        assertContains(hint, 'id="audit-new"')
        assertContains(hint, 'href="/audit/?kind=promotions"')

    def test_none_is_nothing_and_very_many_are_not_counted(self, reader: Client) -> None:
        assert text_of(reader.get("/audit/new/", {"newest": 1})) == ""
        for _ in range(listing.MOST_NEW + 5):
            event()
        assert "Show 100 or more new events" in text_of(reader.get("/audit/new/", {"newest": 0}))

    def test_an_older_page_has_no_hint(self, reader: Client) -> None:
        assertNotContains(reader.get("/audit/", {"before": event().pk}), "audit-new")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("promotion.succeeded", "Promotions: succeeded"),
        ("registry.target_check.changed", "Registry: target check changed"),
        ("veto.placed", "Holds, pins and vetoes: vetoed"),
        ("unheard.of_thing", "Of thing"),
        ("odd", "Odd"),
    ],
)
def test_kinds_are_in_words(kind: str, words: str) -> None:
    assert kinds.words_of(kind) == words
