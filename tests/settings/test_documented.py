"""docs/configuration.md names every key, and the defaults that it states are the defaults."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from stream.settings import load
from stream.settings.alerts import Alert
from stream.settings.document import Document
from stream.settings.feeds import FeedSection, FeedSource
from stream.settings.oauth import Oauth

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{key}.")
        else:
            yield key


def rows() -> Iterator[tuple[list[str], list[str]]]:
    """(keys, defaults) of each row of the first table."""
    for line in PAGE.split("## Feeds")[0].splitlines():
        if line.startswith("| `"):
            _, key_cell, default_cell, _ = line.split("|", 3)
            yield CODE.findall(key_cell), CODE.findall(default_cell)


def test_every_key_of_the_document_has_its_place_on_the_page() -> None:
    named = {key for found, _ in rows() for key in found}
    wanted = set(keys(Document)) - {"conduct", "sites", "minimum_sample", "kafka.oauth"}
    wanted |= set(keys(Oauth, "kafka.oauth."))
    assert wanted <= named
    assert {key for key in named - wanted if not key.startswith(("sites.", "minimum_sample."))} == set()


def test_every_key_of_a_rule_has_its_place_on_the_page() -> None:
    named = set(CODE.findall(PAGE.split("## Alert rules")[1]))
    assert {field.alias or name for name, field in Alert.model_fields.items()} <= named


def test_every_key_of_a_feed_has_its_place_on_the_page() -> None:
    named = set(re.findall(r"[a-z_]+", " ".join(CODE.findall(PAGE.split("## Feeds")[1].split("```")[2]))))
    for model in (FeedSection, FeedSource):
        assert {field.alias or name for name, field in model.model_fields.items()} <= named


@pytest.mark.parametrize(("names", "defaults"), list(rows()))
def test_a_default_on_the_page_is_the_default(tmp_path: Path, names: list[str], defaults: list[str]) -> None:
    """A configuration that states the page's defaults is the one that states nothing."""
    if len(defaults) == 1:
        defaults = defaults * len(names)
    if names[0].startswith(("sites.", "minimum_sample.", "alerts", "feeds", "targets")) or not defaults:
        return
    sections: dict[str, list[str]] = {}
    for name, default in zip(names, defaults, strict=False):
        section, key = name.split(".")
        sections.setdefault(section, []).append(f"{key}: {default}")
    file = tmp_path / "c.yaml"
    file.write_text("\n".join(f"{section}: {{{', '.join(lines)}}}" for section, lines in sections.items()))
    assert load(file, {}) == load(None, {})
