"""Which IANA time zones exist: those of the pinned tzdata package, so that every machine agrees."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def zone_names() -> frozenset[str]:
    """Every zone that the pinned package knows."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def is_zone(name: str) -> bool:
    """Whether tzdata knows a zone of this name, in this spelling."""
    return name in zone_names()
