"""`kpi-stream reconcile`."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.replay.reconcile import Records

LIVE = "live"


def reconcile(
    a: Annotated[str, typer.Argument(metavar="A", help="File of KPI records, folder of a replay, `-`, or `live`.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    windows: Annotated[
        str | None,
        typer.Option("--windows", metavar="NAMES", help="Windows to compare: all but rolling.", show_default=False),
    ] = None,
    final_only: Annotated[
        bool, typer.Option("--final-only", help="Leave out windows that are not final in both.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Differences to print; 0: all.")] = 50,
    digest: Annotated[bool, typer.Option("--digest", help="Print every digest, not only those that differ.")] = False,
    config: Config = None,
) -> None:
    """Compares two sets of KPI records and prints the differences; exit code 1 if there are any.

    \b
    Examples:
      kpi-stream reconcile numbers/kpi.jsonl other/kpi.jsonl
      kpi-stream reconcile live numbers --final-only --config my.yaml

    Of a key, the record with the highest revision counts; a record without KPIs is as no record. Compared are
    numerators, denominators, status and finality. `live` is the KPI topic of the configuration.
    """
    from stream.replay.reconcile import chosen, differences, digests

    wanted = frozenset(windows.split(",")) if windows is not None else None
    one, other = (chosen(_records(source, config), wanted) for source in (a, b))
    if final_only:
        one, other = _final(one, other), _final(other, one)
    different = list(differences(one, other))
    for key, text in islice(different, limit or None):
        print(f"{key}: {text}")
    if limit and len(different) > limit:
        print(f"... and {len(different) - limit} more (--limit 0 prints all)")
    of_a, of_b = digests(one), digests(other)
    for place in sorted(of_a.keys() | of_b.keys()):
        left, right = of_a.get(place), of_b.get(place)
        if digest or left != right:
            told = [f"{each.records} records {each.hash}" if each else "0 records" for each in (left, right)]
            verdict = "same" if left == right else "differs"
            print(f"digest {place[0]} {place[1]}: {told[0]} in A, {told[1]} in B, {verdict}")
    print(f"{len(one.keys() | other.keys())} records compared, {len({key for key, _ in different})} differ")
    if different:
        raise typer.Exit(1)


def _records(source: str, config: Path | None) -> "Records":
    from stream.replay.chunks import InputError
    from stream.replay.reconcile import latest, records_of

    try:
        if source == LIVE:
            from stream.cli.live import kpi_values

            return latest(kpi_values(config))
        return records_of(source)
    except InputError as error:
        raise CommandError(str(error)) from error


def _final(records: "Records", others: "Records") -> "Records":
    """The final records, but for those that the other set has and does not call final."""
    return {key: each for key, each in records.items() if each.final and (key not in others or others[key].final)}
