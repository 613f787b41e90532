"""Public data sets as events (contract 3, `import SOURCE FILE`)."""

from __future__ import annotations

from stream.importers.anonymous_bank import anonymous_bank
from stream.importers.berka import berka
from stream.importers.cfpb import cfpb
from stream.importers.source import CannotImport, Event, Importer, Torn, in_time_order

SOURCES: dict[str, Importer] = {
    "anonymous-bank": anonymous_bank,
    "berka": berka,
    "cfpb": cfpb,
}
"""Every source by the name that the command takes."""

__all__ = ["SOURCES", "CannotImport", "Event", "Importer", "Torn", "in_time_order"]
