"""What every page has, and the pages for what went wrong."""

import re

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.views.defaults import server_error
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from deployer.access.models import User
from tests.web import pages


def test_the_header_names_the_organisation(reader: Client, settings: Settings) -> None:
    settings.SITE_NAME = "Ministry of Releases"

    page = reader.get("/")

    assert pages.text_of(page).startswith("Board - Ministry of Releases")
    assertContains(page, 'href="#main-content"')


def test_only_staff_are_shown_the_way_to_the_admin(reader: Client, person: User) -> None:
    assertNotContains(reader.get("/"), 'href="/admin/"')

    person.is_staff = True
    person.save()

    assertContains(reader.get("/"), 'href="/admin/"')


def test_an_unknown_address_is_told_in_the_same_look(reader: Client) -> None:
    page = reader.get("/nothing-here/")

    assertContains(page, "There is nothing at this address", status_code=404)
    assertContains(page, "build/deployer.css", status_code=404)


def test_an_error_page_needs_nothing_that_may_be_broken() -> None:
    page = server_error(RequestFactory().get("/"))

    assertContains(page, "Something went wrong", status_code=500)
    assertContains(page, "- Deployer</title>", status_code=500)


def test_a_database_that_is_away_is_told_without_asking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("deployer.web.health.JsonResponse", away)

    page = Client(raise_request_exception=False).get("/healthz")

    assertContains(page, "The database does not answer", status_code=503)
    assert page["Retry-After"] == "30"


def test_the_menu_marks_where_one_is(reader: Client) -> None:
    page = pages_source(reader, "/freezes/")

    assert re.findall(r'aria-current="(\w+)">(\w+)', page) == [("true", "Calendar"), ("page", "Freezes")]


def pages_source(reader: Client, address: str) -> str:
    return reader.get(address).content.decode()


def test_a_form_that_is_out_of_date_is_told_in_the_same_look(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    page = client.post("/sign-out/")

    assertContains(page, "This form is out of date", status_code=403)
    assertContains(page, "build/deployer.css", status_code=403)


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/nothing/"])
def test_no_page_has_a_script_or_a_style_in_it(reader: Client, address: str) -> None:
    if address != "/":
        reader.logout()
    pages.live(pages.application("frontend"), "staging", "v12")

    source = reader.get(address).content.decode()

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", source) == []
