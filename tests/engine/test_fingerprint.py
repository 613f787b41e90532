"""State made under another meaning is told by the key that differs (live 4)."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.engine import fingerprint as fingerprints
from stream.engine.fingerprint import differing_keys, fingerprint
from stream.ledger.definitions import Definitions
from stream.settings import load
from stream.windows.plan import SiteClock, WindowPlan

EAST = {"east": SiteClock("America/New_York", {"day": (540, 1080)})}
PLAN = WindowPlan(sites=EAST)


def test_a_fingerprint_survives_json() -> None:
    made = fingerprint(Definitions(), PLAN)
    assert differing_keys(orjson.loads(orjson.dumps(made)), made) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Definitions)])
def test_every_definition_that_differs_is_named(name: str) -> None:
    value = getattr(Definitions(), name)
    changed: Any = {name: (1, 3) if isinstance(value, tuple) else value * 2 if isinstance(value, str) else value + 1}
    other = replace(Definitions(), **changed)
    assert differing_keys(fingerprint(Definitions(), PLAN), fingerprint(other, PLAN)) == [f"definitions.{name}"]


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"pane_ms": 5_000}, ["windows.pane"]),
        ({"rolling": (("rolling_5m", 300_000),)}, ["windows.rolling"]),
        ({"intervals": (("interval_30m", 1_800_000),)}, ["windows.intervals"]),
        ({"day": False}, ["windows.day"]),
        ({"month": False}, ["windows.month"]),
        ({"shifts": False}, ["windows.shifts"]),
        ({"sites": {}}, ["sites.east.shifts", "sites.east.zone"]),
        ({"sites": {"east": SiteClock("Europe/Paris", {"day": (540, 1080)})}}, ["sites.east.zone"]),
        ({"sites": {"east": SiteClock("America/New_York", {"day": (540, 1081)})}}, ["sites.east.shifts"]),
    ],
)
def test_every_window_zone_and_shift_that_differs_is_named(change: dict[str, Any], keys: list[str]) -> None:
    assert differing_keys(fingerprint(Definitions(), PLAN), fingerprint(Definitions(), replace(PLAN, **change))) == keys


def test_other_zone_data_and_another_fold_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(Definitions(), PLAN)
    monkeypatch.setattr(fingerprints, "FOLD_VERSION", fingerprints.FOLD_VERSION + 1)
    assert differing_keys(before, fingerprint(Definitions(), PLAN)) == ["fold"]
    monkeypatch.undo()
    monkeypatch.setattr("tzdata.IANA_VERSION", "1999z")
    assert differing_keys(before, fingerprint(Definitions(), PLAN)) == ["tzdata"]


def test_other_fields_of_the_packed_sums_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(Definitions(), PLAN)
    monkeypatch.setattr(fingerprints, "fields_digest", lambda: "0" * 16)
    assert differing_keys(before, fingerprint(Definitions(), PLAN)) == ["measures"]


def test_samples_publication_and_rules_are_outside(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(
        "minimum_sample: {connect_rate: 50}\npublish: {every: 7s}\ntime: {grace: 3m, alert_delay: 1m}\n"
        "alerts: [{rule: r, kpi: dials, level: team, window: day, below: 3}]\n"
    )
    one, other = load(None, {}), load(file, {})
    assert other.rules()
    meanings = [fingerprint(each.definitions(), each.plan()) for each in (one, other)]
    assert differing_keys(*meanings) == []


def test_a_site_that_was_not_configured_was_in_utc_without_shifts() -> None:
    def added(clock: SiteClock) -> list[str]:
        return differing_keys(
            fingerprint(Definitions(), PLAN), fingerprint(Definitions(), replace(PLAN, sites={**EAST, "west": clock}))
        )

    assert added(SiteClock("UTC", {})) == []
    assert added(SiteClock("Asia/Tokyo", {})) == ["sites.west.zone"]
    assert added(SiteClock("UTC", {"day": (540, 1080)})) == ["sites.west.shifts"]
