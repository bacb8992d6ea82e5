"""From a file to a Registry."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from apps_registry.importers import backstage, repos_yml
from apps_registry.importers.base import Registry, RegistryFileError
from apps_registry.importers.yaml_reader import Value, read_documents, read_text


class Format(StrEnum):
    AUTO = "auto"
    REPOS = "repos"
    BACKSTAGE = "backstage"


def read(path: Path, file_format: Format = Format.AUTO) -> Registry:
    """What a file says. Raises RegistryFileError when it as a whole can't be read; bad entries are in `problems`."""
    documents = read_documents(read_text(path))
    if not documents:
        raise RegistryFileError("holds nothing.")
    if file_format is Format.AUTO:
        file_format = _guess(documents)
    if file_format is Format.BACKSTAGE:
        return backstage.parse(documents)
    if len(documents) > 1 or not isinstance(documents[0].content, list):
        raise RegistryFileError("is not one list of repositories, as repos.yml is.", documents[0].line)
    return repos_yml.parse(documents[0])


def _guess(documents: list[Value]) -> Format:
    first = documents[0]
    if isinstance(first.content, list):
        return Format.REPOS
    if any(isinstance(document.content, Mapping) and "kind" in document.content for document in documents):
        return Format.BACKSTAGE
    raise RegistryFileError(
        "is neither a list of repositories (repos.yml) nor Backstage entities (catalog-info.yaml).", first.line
    )
