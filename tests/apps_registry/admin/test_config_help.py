from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from apps_registry.admin.config_help import config_help, type_of
from deployer.integrations.registry import CHECKS, DEPLOYERS


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "text"),
        (bool, "true or false"),
        (tuple[str, ...], "list of text"),
        (Annotated[int, Field(ge=1, le=60)], "whole number from 1 to 60"),
        (Annotated[float, Field(gt=0, le=60)], "number above 0, up to 60"),
        (Annotated[int, Field(ge=1)], "whole number of at least 1"),
        (Literal["GET", "POST"], "one of GET, POST"),
        (Literal["GET"], "GET"),
        (str | None, "text or null"),
        (dict[str, str], "object"),
        (Any, "any"),
    ],
)
def test_a_field_s_type_is_said_in_words(annotation: Any, words: str) -> None:
    schema = TypeAdapter(annotation).json_schema()

    assert type_of(schema, schema) == words


@dataclass(kw_only=True)
class _Inner:
    name: str


@dataclass(kw_only=True)
class _Config:
    """`program` is run; <nothing> else."""

    program: str
    retries: int = 3
    tags: list[str] = field(default_factory=list)
    inner: _Inner | None = None


class _Adapter:
    kind: ClassVar[str] = "fake"
    label: ClassVar[str] = "A fake"
    Config: ClassVar[type[Any]] = _Config


def test_each_kind_is_listed_with_its_fields() -> None:
    help_text = config_help("Write this:", {"fake": _Adapter})

    assert help_text.startswith("Write this:")
    assert "A fake (<code>fake</code>)" in help_text
    assert "<p><code>program</code> is run; &lt;nothing&gt; else.</p>" in help_text
    assert "<code>program</code></th><td>text</td><td>needed</td>" in help_text
    assert "<code>retries</code></th><td>whole number</td><td>3 when left out</td>" in help_text
    assert "<code>tags</code></th><td>list of text</td><td>may be left out</td>" in help_text
    assert "<code>inner</code></th><td>object or null</td>" in help_text


@pytest.mark.parametrize("adapters", [DEPLOYERS, CHECKS])
def test_every_adapter_that_there_is_can_be_described(adapters: dict[str, Any]) -> None:
    help_text = config_help("", adapters)

    for kind in adapters:
        assert f"(<code>{kind}</code>)" in help_text
