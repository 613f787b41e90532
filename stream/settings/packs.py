"""Packs of conduct rules: those that ship with the product, and the files of a user's own (conduct 1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from stream.settings import yaml
from stream.settings.conduct import PackSection
from stream.settings.failure import KeyPath


@cache
def shipped() -> Mapping[str, tuple[PackSection, ...]]:
    """The packs that ship with the product, by name, in the order of the names; each has one version or several."""
    found: dict[str, tuple[PackSection, ...]] = {}
    for file in sorted(files("stream.conduct").joinpath("packs").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            content = yaml.parse(file.read_text("utf-8"))
            for each in content if isinstance(content, list) else [content]:
                pack = PackSection.model_validate(each)
                found[pack.pack] = (*found.get(pack.pack, ()), pack)
    return found


def read_pack_files(
    content: Mapping[str, Any], folder: Path
) -> tuple[list[dict[str, Any]] | None, dict[KeyPath, str], list[tuple[KeyPath, str]]]:
    """Reads the files that `conduct.pack_files` names, relative to a folder.

    Gives what is to stand in their place in the document (None: nothing is to be replaced, or it is no list),
    the file that each key of it comes from, and the files that cannot be read, with the reason.
    """
    section = content.get("conduct")
    named = section.get("pack_files") if isinstance(section, Mapping) else None
    if not isinstance(named, list):
        return None, {}, []
    replaced: list[dict[str, Any]] = []
    origins: dict[KeyPath, str] = {}
    wrong: list[tuple[KeyPath, str]] = []
    for index, name in enumerate(named):
        place: KeyPath = ("conduct", "pack_files", index)
        packs: Any = []
        if not isinstance(name, str):
            wrong.append((place, f"{name!r} is not the name of a file"))
            continue
        try:
            packs = yaml.parse((folder / name).read_text("utf-8-sig"))
        except OSError as error:
            wrong.append((place, f"{name}: {error.strerror or error}"))
        except ValueError as error:
            reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
            wrong.append((place, f"{name}: {reason}"))
        at = (*place, "packs")
        origins[at if isinstance(packs, list) else (*at, 0)] = name
        replaced.append({"file": name, "packs": packs if isinstance(packs, list) else [packs]})
    return replaced, origins, wrong
