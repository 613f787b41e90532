"""What the numbers in a state depend on (live 4): a worker refuses state that was made under another meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import tzdata  # type: ignore[import-untyped]

from stream.conduct.rulebook import Rulebook
from stream.ledger.definitions import Definitions
from stream.ledger.store.places import digest as fields_of_facts
from stream.windows.measures import fields_digest
from stream.windows.plan import WindowPlan

FOLD_VERSION = 2
"""Raised when the fold itself gives other contributions for the same facts."""


def fingerprint(definitions: Definitions, plan: WindowPlan, rulebook: Rulebook | None = None) -> dict[str, Any]:
    """Flat, JSON-ready: `definitions.*`, `windows.*`, `sites.*` as configured, `tzdata`, `fold`, of a rulebook
    `conduct.*` (rules with parameters and dates, and where they hold), and what is fixed at rest: `measures`, the
    fields of packed sums, and `facts`, the places of the fields of a fact.

    Formulas over existing measures, minimum samples, publication and alert rules are not in it.
    """
    flat: dict[str, Any] = {f"definitions.{name}": value for name, value in asdict(definitions).items()}
    flat["definitions.promise_tolerance"] = list(definitions.promise_tolerance)
    flat["windows.pane"] = plan.pane_ms
    flat["windows.rolling"] = sorted(name for name, _ in plan.rolling)
    flat["windows.intervals"] = sorted(name for name, _ in plan.intervals)
    flat["windows.day"], flat["windows.month"], flat["windows.shifts"] = plan.day, plan.month, plan.shifts
    for site, clock in plan.sites.items():
        flat[f"sites.{site}.zone"] = clock.zone
        flat[f"sites.{site}.shifts"] = {name: list(times) for name, times in sorted(clock.shifts.items())}
    flat["tzdata"] = tzdata.IANA_VERSION
    flat["fold"] = FOLD_VERSION
    flat["measures"] = fields_digest()
    flat["facts"] = fields_of_facts()
    return flat if rulebook is None else flat | rulebook.fingerprint()


def differing_keys(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """The keys in which two fingerprints differ, in order of their names. A site that one of them does not have is as
    one in UTC without shifts (contract 1)."""
    return [key for key in sorted(found.keys() | wanted.keys()) if meaning_of(found, key) != meaning_of(wanted, key)]


def meaning_of(fingerprint: dict[str, Any], key: str) -> Any:
    """What a fingerprint says of a key, or what its silence means."""
    if key in fingerprint or not key.startswith("sites."):
        return fingerprint.get(key)
    return "UTC" if key.endswith(".zone") else {}
