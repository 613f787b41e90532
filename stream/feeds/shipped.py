"""The mappings that the product ships: files of this package (feeds 10)."""

from __future__ import annotations

from importlib.resources import files

_ENDING = ".yaml"


def shipped_names() -> list[str]:
    """Their names, sorted."""
    folder = files("stream.feeds").joinpath("mappings")
    if not folder.is_dir():
        return []
    return sorted(each.name.removesuffix(_ENDING) for each in folder.iterdir() if each.name.endswith(_ENDING))


def shipped_text(name: str) -> str:
    """The text of one. KeyError where there is none of this name."""
    if name not in shipped_names():
        raise KeyError(name)
    return files("stream.feeds").joinpath("mappings", f"{name}{_ENDING}").read_text("utf-8")
