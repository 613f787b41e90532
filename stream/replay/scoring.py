"""The scores of a replay: computed at its end, from the KPI records of their own periods and the measurements."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stream.engine.entities.publication import NO_END_MS, Record
from stream.facts import fact as facts
from stream.replay.job import Job
from stream.replay.tasks import Result, later
from stream.replay.writing import SCORES
from stream.scores.evidence import MeasuredValue
from stream.scores.outputs import key_of, record_of
from stream.scores.scores import ScoreClock, Scores
from stream.windows.exact import dumps_bare

Measured = list[Any]
"""The fields of a measurement of scores, as JSON."""


class Scored(NamedTuple):
    """How many score records were written, and how many measurements are of indicators that nobody declared."""

    scores: int
    measurements_undeclared: int


def scored_name(name: str) -> str:
    """The file of the records that scores are computed from, beside the file `name` of the wanted ones."""
    return f"scored-{name}"


class ScoredRecords:
    """Keeps the KPI records that scores are computed from in a file beside `name`; none where there are no schemes."""

    def __init__(self, job: Job, name: str) -> None:
        self._scored = job.scored
        self._file = (job.folder / scored_name(name)).open("wb") if job.scored else None

    def add(self, record: Record) -> None:
        """Keeps a record, if scores ask for it."""
        if self._file is None:
            return
        key, value = record
        _, level, _, window, _ = key.decode().split("|")
        if (level, window) in self._scored:
            self._file.write(value + b"\n")

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()


def measured(facts_of_key: Iterable[facts.Fact]) -> Iterator[Measured]:
    """The measurements among facts that count, void ones left out."""
    for fact in facts_of_key:
        if type(fact) is facts.Measurement and not fact.void:
            yield [
                fact.occurred_at, fact.measurement_id, fact.indicator, fact.site_id, fact.level, fact.entity,
                fact.period, fact.period_start, fact.currency or "", fact.numerator, fact.denominator,
            ]  # fmt: skip


def write_scores(job: Job, folder: Path, files: Iterable[Path], folded: Sequence[Result]) -> Scored:
    """Writes `scores.jsonl`, sorted by the text of the key. `files`: what `ScoredRecords` kept; `folded`: what the
    groups of facts gave."""
    settings = job.settings
    schemes = settings.schemes()
    scores = Scores(schemes, settings.targets(), settings.periods())
    end_ms = job.end_ms_of(_greatest_ms(folded)) or 0
    for result in folded:
        for each in result["measurements"]:
            measurement = MeasuredValue(*each)
            if measurement.occurred_at < end_ms:
                scores.put_measurement(measurement.measurement_id, measurement)
    lines: dict[str, bytes] = {}
    if schemes:
        for file in files:
            with file.open("rb") as records:
                for record in records:
                    scores.put_record(record)
        lines = dict(_lines(job, scores, min(end_ms, NO_END_MS)))
    with (folder / SCORES).open("wb") as out:
        out.writelines(lines[key] for key in sorted(lines))
    return Scored(len(lines), scores.evidence.undeclared)


def _lines(job: Job, scores: Scores, end_ms: int) -> Iterator[tuple[str, bytes]]:
    for _, sheet in scores.changed(ScoreClock(end_ms, end_ms)):
        for who, score in sheet.items():
            if job.wants(*scores.periods.span_ms(who.site, who.period, who.start)):
                record = record_of(scores, score, 1, job.run)
                yield key_of(record), dumps_bare(record) + b"\n"


def _greatest_ms(folded: Sequence[Result]) -> int | None:
    greatest = None
    for result in folded:
        greatest = later(greatest, result["greatest_ms"])
    return greatest
