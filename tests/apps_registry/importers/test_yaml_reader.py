"""Files that are no registry file get a clear error and cost no more than reading them."""

from pathlib import Path

import pytest

from apps_registry.importers.base import RegistryFileError
from apps_registry.importers.yaml_reader import MAX_BYTES, read_documents, read_text


def error_of(text: str) -> RegistryFileError:
    with pytest.raises(RegistryFileError) as error:
        read_documents(text)
    return error.value


def test_a_value_knows_its_line() -> None:
    [document] = read_documents("# teams\n- name: a\n  team: b\n- name: c\n")

    assert isinstance(document.content, list)
    first, second = document.content
    assert (first.line, second.line) == (2, 4)
    assert isinstance(first.content, dict)
    assert first.content["team"].line == 3


def test_text_stays_as_it_was_written() -> None:
    [document] = read_documents("{version: 1.10, day: 2026-01-01, port: 0o10, on: yes, none: ~}")

    assert isinstance(document.content, dict)
    contents = [value.content for value in document.content.values()]
    assert contents == ["1.10", "2026-01-01", "0o10", True, None]


def test_merged_fields_give_way_to_the_entry_s_own() -> None:
    [document] = read_documents("- &base {team: a, type: APIs}\n- {<<: *base, type: Gems}\n")

    assert isinstance(document.content, list)
    merged = document.content[1].content
    assert isinstance(merged, dict)
    assert {name: value.content for name, value in merged.items()} == {"team": "a", "type": "Gems"}


def test_an_error_of_syntax_names_its_line() -> None:
    error = error_of("- name: a\n- name: [b\n- name: c\n")

    assert error.line == 3
    assert str(error).startswith("is not YAML")


def test_a_control_character_is_an_error_with_its_line() -> None:
    error = error_of("- name: a\n- name: \x07\n")

    assert error.line == 2


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!secret", "!!binary"])
def test_a_tag_is_never_constructed(tag: str) -> None:
    error = error_of(f"- name: a\n- name: {tag} x\n")

    assert error.line == 2
    assert tag in str(error)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]

    assert "aliases" in str(error_of("\n".join(lines)))


def test_a_bomb_of_merges_is_refused() -> None:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 12)]

    assert "aliases" in str(error_of("\n".join(lines)))


@pytest.mark.parametrize("text", ["&a [*a]", "[" * 60 + "]" * 60, "[" * 20_000])
def test_nesting_without_end_is_refused(text: str) -> None:
    assert "nested" in str(error_of(text))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x7fELF\x02\x01\xff\xfe", "not a text file"),
        ("- name: réseau".encode("latin-1"), "not a text file"),
        (b"a" * (MAX_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "repos.yml"
    file.write_bytes(data)

    with pytest.raises(RegistryFileError, match=message):
        read_text(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryFileError, match="No such file"):
        read_text(tmp_path / "repos.yml")
    with pytest.raises(RegistryFileError, match="Is a directory"):
        read_text(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "repos.yml"
    file.write_bytes(b"\xef\xbb\xbf- name: a\n")

    assert read_text(file) == "- name: a\n"
