"""`kpi-stream scores list`, `show`, `ledger` and `compute`: what the numbers are worth, and the arithmetic of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.tables_shown import print_rows
from stream.facts.printable import escaped

if TYPE_CHECKING:
    from stream.cli.score_records import Span

app = typer.Typer(no_args_is_help=False, help="Scores, payouts, contests and rewards: listed, explained, recomputed.")

COLUMNS = ("kind", "name", "version", "site", "level", "entity", "period", "start", "score", "amount_minor", "currency",
           "place", "of", "grade", "flags", "provisional", "trial")  # fmt: skip
PEOPLE_READ = {"amount_minor": "amount"}
"""Columns of amounts in major units, in tables; CSV, JSON and records have minor ones."""
SUMMED = ("kind", "name", "site", "level", "entity", "currency", "amount_minor", "periods", "provisional")

Period = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="P", help="2026-04-07, 2026-04 or 2026-Q2: those that begin then.", show_default=False
    ),
]
Name = Annotated[str | None, typer.Option("--name", metavar="N", help="Only this scheme.", show_default=False)]
Entity = Annotated[str | None, typer.Option("--entity", metavar="E", help="Only this entity.", show_default=False)]
Site = Annotated[str | None, typer.Option("--site", metavar="S", help="Only at this site.", show_default=False)]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="A replay's folder instead of the live topic.", show_default=False),
]
Format = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How it is printed.")]


@app.command("list")
def list_(
    period: Period = None,
    name: Name = None,
    entity: Entity = None,
    site: Site = None,
    add_up: Annotated[
        bool, typer.Option("--sum", help="Add up amounts per name, entity and currency; trials are left out.")
    ] = False,
    output: Format = "table",
    source: From = None,
    config: Config = None,
) -> None:
    """Lists scores: a table, CSV or JSON.

    \b
    Examples:
      kpi-stream scores list --period 2026-04
      kpi-stream scores list --period 2026-Q2 --name counter_day --sum
      kpi-stream scores list --from numbers --format csv > scores.csv
    """
    from stream.cli.score_records import chosen, scores_from, span_of, what_there_is

    span = None if period is None else span_of(period)
    records = scores_from(source, settings_of(config))
    found = list(chosen(records, span, name, entity, site))
    if not found:
        print(escaped(f"kpi-stream: none: {what_there_is(records, name, entity, site)}"), file=sys.stderr)
    rows, columns = (_summed(found), list(SUMMED)) if add_up else (found, list(COLUMNS))
    if output == "table":
        rows, columns = [_in_major(row) for row in rows], [PEOPLE_READ.get(name, name) for name in columns]
    print_rows(rows, tuple(columns), output)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The scheme.")],
    entity: Annotated[str, typer.Option("--entity", metavar="E", help="Whose.", show_default=False)],
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="2026-04-07, 2026-04 or 2026-Q2.", show_default=False)
    ],
    site: Site = None,
    language: Annotated[Literal["en", "zh"], typer.Option("--language", help="English or Chinese.")] = "en",
    source: From = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events", metavar="FILE", help="With --from: files of events with measurements.", show_default=False
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Prints the arithmetic of a score line by line: numerators, targets, steps, gates, and how far the next step is.

    \b
    Examples:
      kpi-stream scores show card_team --entity t-3 --period 2026-Q2
      kpi-stream scores show ladder --entity a-017 --period 2026-04 --from numbers --config my.yaml
      kpi-stream scores show ladder --entity a-017 --period 2026-04 --language zh

    The configuration is that by which the scores were made: targets in place, steps and limits are read from it. What
    a score does not say itself (a payout's values, factors, what relative numbers came to, streaks) is read from the
    KPI records beside the scores, and of indicators from the files that --events names.
    """
    from stream.cli.score_computing import known_of
    from stream.cli.score_records import chosen, scores_from, span_of, what_there_is
    from stream.scores.arithmetic import NOTHING_AT_HAND, lines_of
    from stream.scores.outputs import key_of
    from stream.scores.words import LANGUAGES

    settings, span = settings_of(config), span_of(period)
    schemes = {
        (each.KIND, each.name, each.version): each for each in settings.schemes().definitions
    }  # fmt: skip
    beside = list(scores_from(source, settings))
    found = [record for record in chosen(beside, span, name, entity, site) if _is_period(record, span)]
    if not found:
        told = what_there_is(beside, name, entity, site)
        raise CommandError(f"there is no score {name} of {entity} for {period}: {told}")
    known = known_of(config, source, events or [], found, beside)
    for record in found:
        definition = schemes.get((record["kind"], record["name"], record["version"]))
        of = known.get(key_of(record), NOTHING_AT_HAND)
        for line in lines_of(record, definition, of.read, of.basis, LANGUAGES[language], of):
            print(escaped(line))


@app.command()
def ledger(
    period: Period = None,
    name: Name = None,
    entity: Entity = None,
    site: Site = None,
    output: Format = "table",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="A file of its lines instead of the live topic.", show_default=False
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Prints the ledger: every change of a score, grade, flag or amount that was no longer provisional, and why.

    \b
    Examples:
      kpi-stream scores ledger --entity a-017
      kpi-stream scores ledger --period 2026-04 --name ladder --format json
    """
    from stream.cli.score_records import chosen, ledger_from, span_of

    settings, span = settings_of(config), None if period is None else span_of(period)
    lines = sorted(
        chosen(ledger_from(source, settings), span, name, entity, site),
        key=lambda line: (line["at"].removesuffix("Z"), line["name"], line["site"], line["entity"], line["start"]),
    )
    currencies = {
        (each.KIND, each.name, each.version): getattr(each, "currency", None)
        for each in settings.schemes().definitions
    }  # fmt: skip

    def currency_of(line: dict[str, Any]) -> str | None:
        """In which a table says amounts; None: in minor units, as the line has them."""
        return currencies.get((line["kind"], line["name"], line["version"])) if output == "table" else None

    rows = lines if output == "json" else [_ledger_row(line, currency_of(line)) for line in lines]
    print_rows(rows, ("at", "name", "version", "site", "entity", "start", "before", "after", "reason", "by"), output)


@app.command()
def compute(
    begin: Annotated[
        str, typer.Option("--from", metavar="D", help="Periods that begin on this day or later.", show_default=False)
    ],
    end: Annotated[str, typer.Option("--to", metavar="D", help="And before this day.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for scores.jsonl.", show_default=False)],
    records: Annotated[
        Path | None,
        typer.Option(
            "--records", metavar="PATH", help="KPI records of a replay; else the live topic.", show_default=False
        ),
    ] = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            "--events", metavar="FILE", help="With --records: files of events with measurements.", show_default=False
        ),
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="The `run` of the records.")] = "compute",
    config: Config = None,
) -> None:
    """Computes the scores of old periods under a configuration, from KPI records and measurements that are there.

    \b
    Examples:
      kpi-stream scores compute --config new.yaml --from 2026-04-01 --to 2026-07-01 --out trial
      kpi-stream scores compute --from 2026-04-01 --to 2026-05-01 --out old --records numbers --events m.jsonl

    Nothing is published. Compare the file with `kpi-stream scores list --from trial`.
    """
    from stream.cli.score_computing import computed

    settings = settings_of(config)
    first, after = _day("--from", begin), _day("--to", end)
    if first >= after:
        raise CommandError("--to: must be after --from", exit_code=2)
    if not settings.schemes():
        raise CommandError("the configuration has no scorecards, payouts, contests or rewards", exit_code=2)
    indicators = sorted(
        {each.indicator for one in settings.schemes().definitions for each in one.sources() if each.indicator}
    )
    if records is not None and not events and indicators:
        told = f"warning: no --events, so there are no measurements: nothing counts of {', '.join(indicators)}"
        print(told, file=sys.stderr)
    number = computed(config, (first, after), out, records, events or [], run)
    print(f"{number} scores in {out / 'scores.jsonl'}", file=sys.stderr)


def _day(option: str, text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: {text!r} is not a date such as 2026-04-01", exit_code=2) from None


def _is_period(record: dict[str, Any], span: "Span") -> bool:
    """Whether the record is of the very period that was named, and not only of one that begins in it."""
    if span.kind is None:
        return record["period"] not in ("month", "quarter")
    return bool(record["period"] == span.kind)


def _summed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in records:
        if record["amount_minor"] is None or record["trial"]:
            continue
        head = {name: record[name] for name in SUMMED[:6]}
        row = sums.setdefault(tuple(head.values()), {**head, "amount_minor": 0, "periods": 0, "provisional": False})
        row["amount_minor"] += record["amount_minor"]
        row["periods"] += 1
        row["provisional"] |= record["provisional"]
    return [sums[key] for key in sorted(sums)]


def _in_major(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its amount, if it has one, as people write it."""
    from stream.facts.currency import major

    minor = row["amount_minor"]
    return row | {"amount": None if minor is None else major(minor, row["currency"])}


def _ledger_row(line: dict[str, Any], currency: str | None) -> dict[str, Any]:
    from stream.facts.currency import major

    def told(said: dict[str, Any] | None) -> str:
        if said is None:
            return "-"
        amount = said["amount_minor"]
        if amount is not None and currency:
            amount = f"{major(amount, currency)} {currency}"
        values = [said["score"], amount, said["grade"], *said["flags"]]
        return " ".join(str(value) for value in values if value is not None)

    return line | {"before": told(line["before"]), "after": told(line["after"])}
