"""The configuration: one YAML file, with environment variables over it (contract 4).

`load` gives a `Settings`, whose methods build the immutable values that other rooms take; a wrong configuration raises
`SettingsError`, one line.
"""

from stream.settings.failure import SettingsError
from stream.settings.loading import load
from stream.settings.oauth import TokenError
from stream.settings.settings import Settings

__all__ = [
    "Settings",
    "SettingsError",
    "TokenError",
    "board",
    "document",
    "effective",
    "feeds",
    "load",
    "schema",
    "units",
]
