"""Scores of old periods under another configuration, from KPI records and measurements as they lie (scores 6)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stream.cli.configuration import settings_of
from stream.cli.failure import CommandError
from stream.cli.kpi_records import LIVE, numbers_of

if TYPE_CHECKING:
    from stream.facts.fact import Fact
    from stream.scores.evidence import MeasuredValue
    from stream.scores.payout import Basis
    from stream.scores.scores import Read, ScoreClock, Scores
    from stream.settings import Settings


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


def read_by(
    config: Path | None, records: Path | None, events: Sequence[Path], wanted: Iterable[str]
) -> "dict[str, tuple[Read, Basis | None]]":
    """What scores were computed from, as far as the KPI records and measurements at hand say: key -> values of the
    sources, and a payout's basis. `wanted`: the keys. Of records without events nothing is said of indicators."""
    from stream.scores.outputs import key_of, record_of
    from stream.scores.schemes import Payout

    keys, found = set(wanted), {}
    unmeasured = records is not None and not events
    scores, clock = loaded(config, records, events)
    for _, sheet in scores.changed(clock):
        for score in sheet.values():
            key = key_of(record_of(scores, score, 1, "show"))
            if key in keys:
                basis = scores.basis_of(score)
                if unmeasured and isinstance(score.definition, Payout) and score.definition.basis is None:
                    basis = None  # The card may have indicators.
                found[key] = scores.read_by(score, indicators=not unmeasured), basis
    return found


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
        for value, _ in numbers_of(LIVE if records is None else str(records), config):
            scores.put_record(value)
            as_of_ms = max(as_of_ms, instant_ms(orjson.loads(value)["as_of"]))
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
