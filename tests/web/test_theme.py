"""The organisation's colour."""

import pytest
from django.test import Client
from pytest_django import Settings

from deployer.web import theme


@pytest.mark.parametrize(
    ("colour", "text"), [("#0f385c", "#ffffff"), ("#ffdd00", "#000000"), ("#000000", "#ffffff"), ("#808080", "#000000")]
)
def test_text_on_the_colour_can_be_read(colour: str, text: str) -> None:
    assert theme.text_on(colour) == text
    assert theme.contrast(colour, text) >= theme.ENOUGH


def test_the_sign_in_page_has_the_colour(client: Client, settings: Settings) -> None:
    settings.COLOUR = "#ffdd00"

    assert f'href="{theme.address()}"' in client.get("/sign-in/").content.decode()
    sheet = client.get(theme.address())

    assert sheet.content.decode() == ":root{--app-brand:#ffdd00;--app-brand-text:#000000}\n"
    assert "immutable" in sheet["Cache-Control"]


def test_another_colour_has_another_address(settings: Settings) -> None:
    before = theme.address()
    settings.COLOUR = "#ffdd00"

    assert theme.address() != before
