"""Scores of small worlds: a configuration as YAML, KPI records and measurements in, records by a short key out."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from stream.scores.evidence import MeasuredValue
from stream.scores.outputs import record_of
from stream.scores.periods import moved
from stream.scores.scores import ScoreClock, Scores
from stream.settings import Settings, load

LATE = ScoreClock(1 << 62, 1 << 62)
"""After everything: nothing is provisional."""

Json = dict[str, Any]
Parts = int | tuple[int, int]
"""A numerator, or a numerator and a denominator."""


def settings_of(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


def kpi_record(
    entity: str, kpis: Mapping[str, Parts], *, level: str = "agent", site: str = "main", window: str = "month",
    start: str = "2026-04-01", revision: int = 1,
) -> bytes:  # fmt: skip
    """A KPI record of a site in UTC; keys are `kpi` or `kpi CUR`."""
    listed = []
    for name, parts in sorted(kpis.items()):
        kpi, _, currency = name.partition(" ")
        numerator, denominator = parts if isinstance(parts, tuple) else (parts, None)
        listed.append({
            "kpi": kpi, **({"currency": currency} if currency else {}), "numerator": numerator,
            "denominator": denominator, "value": None, "status": "ok",
        })  # fmt: skip
    hour = "09:00" if window.startswith("shift") else "00:00"
    return orjson.dumps({
        "site": site, "level": level, "entity": entity, "window": window, "start": f"{start}T{hour}:00Z",
        "end": f"{moved('month' if window == 'month' else 'day', date.fromisoformat(start), 1)}T00:00:00Z",
        "as_of": f"{start}T00:00:00Z", "final": True, "revision": revision, "run": "live", "catalogue": 2,
        "kpis": listed,
    })  # fmt: skip


def measurement(
    indicator: str, entity: str, numerator: int, denominator: int | None = None, *, level: str = "agent",
    site: str = "main", period: str = "month", start: str = "2026-04-01", currency: str = "", at: int = 0,
    name: str = "",
) -> MeasuredValue:  # fmt: skip
    return MeasuredValue(
        at, name or f"{indicator}-{level}-{entity}-{start}-{currency}", indicator, site, level, entity, period, start,
        currency, numerator, denominator,
    )  # fmt: skip


def computed(settings: Settings, records: Iterable[bytes], measurements: Iterable[MeasuredValue] = ()) -> Scores:
    scores = Scores(settings.schemes(), settings.targets(), settings.periods())
    for record in records:
        scores.put_record(record)
    for each in measurements:
        scores.put_measurement(each.measurement_id, each)
    return scores


def written(scores: Scores, clock: ScoreClock = LATE) -> dict[tuple[str, int, str, str], Json]:
    """(name, version, entity, start) -> record, of one site; all that changed since the last call."""
    found = {}
    for _, sheet in scores.changed(clock):
        for score in sheet.values():
            record = record_of(scores, score, 1, "replay")
            found[record["name"], record["version"], record["entity"], record["start"]] = record
    return found


def outcome(
    tmp_path: Path,
    text: str,
    records: Iterable[bytes],
    measurements: Iterable[MeasuredValue] = (),
    clock: ScoreClock = LATE,
) -> dict[str, Json]:
    """Entity -> record, where there is one scheme, one version and one period."""
    all_records = written(computed(settings_of(tmp_path, text), records, measurements), clock)
    found = {entity: record for (_, _, entity, _), record in all_records.items()}
    assert len(found) == len(all_records)
    return found
