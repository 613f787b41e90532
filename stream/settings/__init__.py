"""The configuration: one YAML file and environment variables over it (contract 4).

`load` gives a `Settings`, whose builders hand the frozen values of the pure rooms; a wrong configuration is one
`SettingsError` of one line.
"""

from stream.settings.failure import SettingsError
from stream.settings.loading import load
from stream.settings.settings import Settings

__all__ = ["Settings", "SettingsError", "document", "load"]
