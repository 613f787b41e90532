"""Scores of old periods under another configuration, from KPI records and measurements as they lie (scores 6)."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError
from stream.cli.kpi_records import LIVE, numbers_of

if TYPE_CHECKING:
    from fractions import Fraction

    from stream.facts.fact import Fact
    from stream.scores.at_hand import AtHand
    from stream.scores.evidence import MeasuredValue
    from stream.scores.schemes import Definition
    from stream.scores.scores import ScoreClock, Scores
    from stream.settings import Settings

Json = dict[str, Any]


def computed(
    config: Path | None, days: tuple[date, date], out: Path, records: Path | None, events: Iterable[Path], run: str
) -> int:
    """Writes `scores.jsonl` into the folder `out`; gives how many. `days`: periods that begin in [first, after).

    The instant for which scores are computed is the latest `as_of` of the KPI records.
    """
    from stream.scores.outputs import key_of, record_of
    from stream.windows.exact import dumps_bare

    scores, clock = loaded(config, records, events)
    lines = {}
    for key, sheet in scores.changed(clock):
        if days[0] <= key.start < days[1]:
            for score in sheet.values():
                record = record_of(scores, score, 1, run)
                lines[key_of(record)] = dumps_bare(record) + b"\n"
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "scores.jsonl").write_bytes(b"".join(lines[key] for key in sorted(lines)))
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror or error}") from error
    return len(lines)


def known_of(
    config: Path | None, records: Path | None, events: Sequence[Path], shown: Sequence[Json], beside: Sequence[Json]
) -> "dict[str, AtHand]":
    """What is known of the records that are shown: key -> what they were computed from, as far as the KPI records and
    measurements at hand say. `beside`: all score records at hand. Of records without events nothing is said of
    indicators."""
    from stream.facts.instant import instant_ms
    from stream.scores.outputs import key_of

    settings = settings_of(config)
    definitions = {(each.KIND, each.name, each.version): each for each in settings.schemes().definitions}
    wanted = {
        key_of(record): (record, definition)
        for record in shown
        if (definition := definitions.get((record["kind"], record["name"], record["version"]))) is not None
    }
    found = _computed_again(config, records, events, wanted)
    for key, (record, definition) in wanted.items():
        known = found.get(key) or _waiting(settings, record, definition)
        runs = known.ends is not None and instant_ms(record["as_of"]) < known.ends.end_ms
        found[key] = replace(known, values=_values_of(record, beside), runs=runs)
    return found


def _computed_again(
    config: Path | None, records: Path | None, events: Sequence[Path], wanted: "Mapping[str, tuple[Json, Definition]]"
) -> "dict[str, AtHand]":
    """What the numbers at hand give; nothing for cards that say all in their records."""
    from stream.scores.at_hand import at_hand
    from stream.scores.outputs import key_of, record_of

    asking = {key for key, (_, definition) in wanted.items() if _asks_for_numbers(definition)}
    if not asking:
        return {}
    measured = records is None or bool(events)
    try:
        scores, clock = loaded(config, records, events)
    except CommandError as error:
        print(f"warning: only what the records of scores say: {error}", file=sys.stderr)
        return {}
    found = {}
    for _, sheet in scores.changed(clock):
        for score in sheet.values():
            key = key_of(record_of(scores, score, 1, "show"))
            if key in asking:
                found[key] = at_hand(scores, score, measured=measured)
    return found


def _asks_for_numbers(definition: "Definition") -> bool:
    """Whether a person needs more than the record says."""
    from stream.scores.schemes import Before, OfSite, Scorecard

    if not isinstance(definition, Scorecard):
        return True
    relative = any(isinstance(bound, OfSite | Before) for bound in definition.bounds())
    return bool(definition.factors or definition.streaks or relative)


def _waiting(settings: "Settings", record: Json, definition: "Definition") -> "AtHand":
    """Until when a score is provisional, which its scheme says."""
    from stream.scores.at_hand import AtHand
    from stream.scores.score import Score
    from stream.scores.scores import Scores
    from stream.scores.values import Who

    start = date.fromisoformat(record["start"])
    who = Who(record["site"], record["level"], record["entity"], (), record["period"], start)
    scores = Scores(settings.schemes(), settings.targets(), settings.periods())
    return AtHand(ends=scores.final_at(Score(definition, who)))


def _values_of(record: Json, beside: Iterable[Json]) -> "dict[str, tuple[Fraction, ...]]":
    """The values of everybody who is ranked with a record, by component."""
    from fractions import Fraction

    same = ("kind", "name", "version", "start", *(() if record["level"] == "site" else ("site",)))
    values: dict[str, tuple[Fraction, ...]] = {}
    for other in beside:
        if all(other[name] == record[name] for name in same):
            for part in other["parts"]:
                if part.get("value") is not None:
                    values[part["component"]] = (*values.get(part["component"], ()), Fraction(part["value"]))
    return values


def loaded(config: Path | None, records: Path | None, events: Iterable[Path]) -> "tuple[Scores, ScoreClock]":
    """Scores with all evidence: of the live topics, or of KPI records in a file or a replay's folder, and events in
    files; and the clock for which they are computed."""
    import orjson

    from stream.facts.instant import instant_ms
    from stream.replay.chunks import InputError
    from stream.scores.scores import ScoreClock, Scores

    settings = settings_of(config)
    scores = Scores(settings.schemes(), settings.targets(), settings.periods())
    as_of_ms = 0
    try:
        for value, place in numbers_of(LIVE if records is None else str(records), config):
            try:
                scores.put_record(value)
                as_of_ms = max(as_of_ms, instant_ms(orjson.loads(value)["as_of"]))
            except (KeyError, TypeError, ValueError) as error:
                raise CommandError(f"{place}: not a KPI record") from error
        facts = _of_topic(settings) if records is None else _of_files(events)
        for measurement in _measurements(facts, settings):
            if measurement.occurred_at < as_of_ms:
                scores.put_measurement(measurement.measurement_id, measurement)
    except InputError as error:
        raise CommandError(str(error)) from error
    return scores, ScoreClock(as_of_ms, as_of_ms)


def _measurements(facts: "Iterator[Fact]", settings: "Settings") -> "Iterator[MeasuredValue]":
    """The measurements that count, in the version that counts."""
    from stream.facts import fact as kinds
    from stream.replay.fact_store import FactStore
    from stream.replay.scoring import measured
    from stream.scores.evidence import MeasuredValue

    store = FactStore(settings.limits())
    store.add_all([fact for fact in facts if isinstance(fact, kinds.Measurement)])
    for facts_of_key in store.groups():
        for each in measured(facts_of_key):
            yield MeasuredValue(*each)


def _of_topic(settings: "Settings") -> "Iterator[Fact]":
    from stream.cli.broker import committed_records, reached
    from stream.facts.decode import Rejection, decode

    with reached(settings):
        for record in committed_records(settings, [f"{settings.kafka.topic_prefix}.activity.v1"]):
            if record.value is not None and b"measurement" in record.value:
                fact = decode(record.value)
                if not isinstance(fact, Rejection):
                    yield fact


def _of_files(events: Iterable[Path]) -> "Iterator[Fact]":
    from stream.facts.decode import Rejection, decode
    from stream.replay.chunks import FilePosition
    from stream.replay.reading import read

    for raw in read([str(path) for path in events], FilePosition()):
        if b"measurement" in raw.value:
            fact = decode(raw.value)
            if not isinstance(fact, Rejection):
                yield fact
