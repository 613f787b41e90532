"""IANA zones from the pinned `tzdata` package, never the system's: every machine must agree (definitions 2)."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from stream.facts.zones import is_zone


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises ValueError, with the name, if the pinned package does not know it."""
    if not is_zone(name):
        raise ValueError(f"unknown time zone {name!r}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
