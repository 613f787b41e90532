"""`kpi-stream reconcile`: two sets of KPI records compared."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError, warn
from stream.facts.printable import escaped, printable

if TYPE_CHECKING:
    from stream.replay.explaining import Question
    from stream.replay.reconcile import RecordDifference, Records
    from stream.settings import Settings

_SHOWN = 1_000
"""The most characters of a key, or of what differs, in a line, since anybody may have written the records."""


Windows = Annotated[
    str | None,
    typer.Option("--windows", metavar="NAMES", help="Windows to compare: all but rolling.", show_default=False),
]
FinalOnly = Annotated[bool, typer.Option("--final-only", help="Leave out windows that are not final in both.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="FILE...", help="Files of events: the facts behind each difference.", show_default=False
    ),
]
MoreInputs = Annotated[
    list[str] | None, typer.Argument(metavar="[FILE]...", help="More files of events.", show_default=False)
]
Facts = Annotated[
    bool, typer.Option("--facts", help="Print the facts behind each difference, from the inbound topics.")
]
EveryDigest = Annotated[bool, typer.Option("--digest", help="Print every digest, not only those that differ.")]


def reconcile(
    a: Annotated[str, typer.Argument(metavar="A", help="File of KPI records, folder of a replay, `-`, or `live`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    windows: Windows = None,
    final_only: FinalOnly = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Differences to print; 0: all.")] = 50,
    inputs: Inputs = None,
    more: MoreInputs = None,
    facts: Facts = False,
    digest: EveryDigest = False,
    config: Config = None,
) -> None:
    """Compares two sets of KPI records and prints the differences; exit code 1 if there are any.

    \b
    Examples:
      kpi-stream reconcile numbers/kpi.jsonl other/kpi.jsonl
      kpi-stream reconcile live numbers --final-only --config my.yaml
      kpi-stream reconcile live numbers --final-only --facts

    Of a key, the record with the highest revision counts; a record without KPIs is as no record. Compared are
    numerators, denominators, status and finality. `live` is the KPI topic of the configuration; windows that a live run
    changes no more, since they ended before time.correction_horizon, are named as frozen. With --input or --facts
    each difference that is printed is followed by the facts that the number is made of.
    """
    from stream.cli.kpi_records import windows_of
    from stream.replay.reconcile import chosen, differences

    wanted = windows_of(windows)
    one, other = (chosen(_records(source, config), wanted) for source in (a, b))
    if final_only:
        one, other = _final(one, other), _final(other, one)
    different = list(differences(one, other))
    sources = [*(inputs or []), *(more or [])]
    printed = list(islice(different, limit or None))
    lines_of = _facts_behind(printed, one, other, sources, config) if sources or facts else {}
    _print_differences(printed, lines_of, one, other, config)
    if limit and len(different) > limit:
        print(f"... and {len(different) - limit} more (--limit 0 prints all)")
    _print_digests(one, other, every=digest)
    if not one and not other:
        warn("there is no such record in A and none in B")
    print(f"{len(one.keys() | other.keys())} records compared, {len({each.key for each in different})} differ")
    if different:
        raise typer.Exit(1)


def _print_differences(
    printed: "list[RecordDifference]",
    lines_of: "dict[RecordDifference, list[str]]",
    one: "Records",
    other: "Records",
    config: Path | None,
) -> None:
    """A line for each difference, and below it the lines that belong to it."""
    from stream.cli.configuration import settings_of
    from stream.replay.reconcile import frontier_ms, is_frozen

    frontier = frontier_ms(settings_of(config).time.correction_horizon_ms, one, other)
    for each in printed:
        mark = ", frozen: it ended before time.correction_horizon" if is_frozen(each, frontier, one, other) else ""
        print(f"{printable(each.key, _SHOWN)}: {printable(each.text, _SHOWN)}{mark}")
        for line in lines_of.get(each, ()):
            print(f"    {escaped(line)}")


def _print_digests(one: "Records", other: "Records", *, every: bool) -> None:
    """A line for each window and KPI whose digests differ, or for `every` one."""
    from stream.replay.reconcile import digests

    of_a, of_b = digests(one), digests(other)
    for place in sorted(of_a.keys() | of_b.keys()):
        in_a, in_b = of_a.get(place), of_b.get(place)
        if every or in_a != in_b:
            texts = [f"{each.records} records {each.hash}" if each else "0 records" for each in (in_a, in_b)]
            verdict = "same" if in_a == in_b else "differs"
            name = printable(f"{place[0]} {place[1]}", _SHOWN)
            print(f"digest {name}: {texts[0]} in A, {texts[1]} in B, {verdict}")


def _records(source: str, config: Path | None) -> "Records":
    from stream.cli.kpi_records import numbers_of
    from stream.replay.chunks import InputError
    from stream.replay.reconcile import latest

    try:
        return latest(numbers_of(source, config))
    except InputError as error:
        raise CommandError(str(error)) from error


def _facts_behind(
    printed: "list[RecordDifference]", one: "Records", other: "Records", sources: list[str], config: Path | None
) -> "dict[RecordDifference, list[str]]":
    """The lines of facts behind each difference; if it is about a whole record, those behind each of its KPIs."""
    from stream.cli.configuration import settings_of
    from stream.cli.facts_shown import addends, facts_of
    from stream.replay.explaining import answers

    settings = settings_of(config)
    asked = [
        (difference, kpi, question)
        for difference in printed
        for kpi in ([difference.kpi] if difference.kpi else _kpis(one, difference) | _kpis(other, difference))
        if (question := _question(settings, difference.key, kpi)) is not None
    ]
    store = facts_of(settings, sources)
    found: dict[RecordDifference, list[str]] = {}
    questions = [question for _, _, question in asked]
    each_found = answers(store, questions, settings.definitions(), settings.plan(), settings.conduct())
    for (difference, kpi, _), contributions in zip(asked, each_found, strict=True):
        lines = found.setdefault(difference, [])
        lines.append(f"facts of {kpi}:" if contributions else f"facts of {kpi}: none")
        lines += [f"  {line}" for line in addends(contributions)]
    return found


def _kpis(records: "Records", difference: "RecordDifference") -> set[str]:
    numbers = records.get(difference.key)
    return set() if numbers is None else set(numbers.kpis)


def _question(settings: "Settings", key: str, kpi: str) -> "Question | None":
    """The question that a record's key and a KPI's name stand for; None for a rolling window, or a window or KPI that
    this configuration does not have."""
    from stream.facts.instant import instant_ms
    from stream.kpis.catalogue import CATALOGUE
    from stream.replay.explaining import Question
    from stream.windows.calendar import Calendar

    site, level, entity, window, start = key.split("|")
    name, _, currency = kpi.partition(" ")
    if not start or name not in CATALOGUE:
        return None
    start_ms = instant_ms(start)
    for held, begin_ms, end_ms in Calendar(settings.plan()).site(site).windows(start_ms):
        if (held, begin_ms) == (window, start_ms):
            return Question(CATALOGUE[name], currency or None, site, level, entity, begin_ms, end_ms)
    return None


def _final(records: "Records", others: "Records") -> "Records":
    """The final records, without those that are in the other set and not final there."""
    return {key: each for key, each in records.items() if each.final and (key not in others or others[key].final)}
