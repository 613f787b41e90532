"""Where scores are read from: the folder of a replay or the live topics; and which of them a person asks for."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.settings import Settings

Json = dict[str, Any]
_MOST_NAMED = 12

_PERIOD = re.compile(r"([0-9]{4})-(?:Q([1-4])|([0-9]{2})(?:-([0-9]{2}))?)")


class Span(NamedTuple):
    """The first days that a text such as `2026-04-07`, `2026-04` or `2026-Q2` names: [first, after). `kind`: the period
    that it is the name of; None: a day or a shift."""

    first: date
    after: date
    kind: str | None


def span_of(text: str) -> Span:
    """The days that `--period` names; CommandError for any other text."""
    from stream.scores.periods import moved

    match = _PERIOD.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year, quarter, month, day = match.groups()
        first = date(int(year), int(quarter) * 3 - 2 if quarter else int(month), int(day or 1))
    except ValueError:
        message = f"--period: {text!r} is none; examples are 2026-04-07, 2026-04 and 2026-Q2"
        raise CommandError(message, exit_code=2) from None
    kind = "quarter" if quarter else None if day else "month"
    return Span(first, moved(kind or "day", first, 1), kind)


def scores_from(folder: Path | None, settings: "Settings") -> list[Json]:
    """The score records of a replay's folder, or those that count in the live topic; sorted by key."""
    if folder is not None:
        return _read(folder / "scores.jsonl" if folder.is_dir() else folder, ("kind", "name", "provisional"), "scores")
    newest: dict[str, Json] = {}
    for key, record in _topic(settings, "scores"):
        if record is None:  # nobody has this score any more
            newest.pop(key, None)
        elif key not in newest or record["revision"] >= newest[key]["revision"]:
            newest[key] = record
    return [newest[key] for key in sorted(newest)]


def ledger_from(folder: Path | None, settings: "Settings") -> Iterable[Json]:
    """The lines of the ledger: of a file, or of the live topic."""
    if folder is not None:
        return _read(folder, ("name", "before", "after", "at", "by"), "the ledger of scores")
    return (line for _, line in _topic(settings, "scoreledger") if line is not None)


def chosen(
    records: Iterable[Json], span: Span | None, name: str | None, entity: str | None = None, site: str | None = None
) -> Iterator[Json]:
    """Those that begin in the span, and of the name, entity and site, where these are given."""
    for record in records:
        begins = span is None or span.first <= date.fromisoformat(record["start"]) < span.after
        wanted = ((name, record["name"]), (entity, record["entity"]), (site, record["site"]))
        if begins and all(asked in (None, found) for asked, found in wanted):
            yield record


def what_there_is(records: Iterable[Json], name: str | None, entity: str | None = None, site: str | None = None) -> str:
    """Which of what was asked for is of nothing, and what there is instead, in words; if each is of something, when
    the periods of these begin."""
    left = list(records)
    if not left:
        return "there are no scores at all"
    for field, what, asked in (("name", "scheme", name), ("site", "site", site), ("entity", "entity", entity)):
        there = sorted({record[field] for record in left})
        left = [record for record in left if asked in (None, record[field])]
        if not left:
            return f"no {what} {asked!r} has any (there are {_some(there)})"
    return f"periods of these begin on {_some(sorted({record['start'] for record in left}, reverse=True))}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if (more := len(names) - _MOST_NAMED) > 0 else "")


def _read(path: Path, fields: tuple[str, ...], what: str) -> list[Json]:
    """The records of a file; CommandError for one of another kind, which lacks some of the fields."""
    from stream.windows.exact import loads_bare

    try:
        records = [loads_bare(line) for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise CommandError(f"{path}: not records of {what}: {error}") from error
    for place, record in enumerate(records, 1):
        lacking = [field for field in fields if not isinstance(record, dict) or field not in record]
        if lacking:
            raise CommandError(f"{path}: not records of {what}: record {place} has no `{lacking[0]}`")
    return records


def _topic(settings: "Settings", topic: str) -> Iterator[tuple[str, Json | None]]:
    """The records of a topic in its order, with their keys; None for a tombstone."""
    from stream.cli.broker import committed_records, reached
    from stream.kafka.names import Names
    from stream.windows.exact import loads_bare

    name: str = getattr(Names(settings.kafka.topic_prefix, settings.kafka.group), topic)
    with reached(settings):
        for record in committed_records(settings, [name]):
            try:
                key = (record.key or b"").decode()
                yield key, None if record.value is None else loads_bare(record.value)
            except ValueError as error:
                place = f"{name} partition {record.partition} offset {record.offset}"
                raise CommandError(f"{place}: not a record of scores") from error
