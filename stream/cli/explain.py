"""`kpi-stream explain`: the facts behind one KPI value."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.explain_shown import print_csv, print_json
from stream.cli.explain_span import NOW, Span, span_of
from stream.cli.facts_shown import facts_of, page
from stream.cli.failure import CommandError
from stream.cli.replay import end_ms_of
from stream.facts.instant import instant_text
from stream.facts.printable import escaped

if TYPE_CHECKING:
    from stream.kpis.catalogue import Kpi
    from stream.replay.explaining import Question
    from stream.settings import Settings


def explain(
    kpi: Annotated[
        str, typer.Argument(metavar="KPI", help="Its id, as `kpi-stream kpis` lists it.", show_default=False)
    ],
    entity: Annotated[
        str, typer.Option("--entity", metavar="E", help="The agent, team, queue, segment or site.", show_default=False)
    ],
    window: Annotated[
        str,
        typer.Option("--window", metavar="W", help="Such as day, interval_30m, last_interval_30m, now or today."),
    ] = "now",
    start: Annotated[
        str, typer.Option("--start", metavar="T", help="The window's start, or its date; now: the one that runs.")
    ] = "now",
    level: Annotated[str, typer.Option("--level", help="agent, team, queue, segment or site.")] = "agent",
    site: Annotated[
        str | None, typer.Option("--site", metavar="ID", help="The site: main by default.", show_default=False)
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CUR", help="For a KPI per currency.", show_default=False)
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="T", help="By the events that occurred before it, or now.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row for each contribution.")] = False,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE...", help="Files of events, as for replay.", show_default=False),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="More files.", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """Prints the facts behind one number, from files or from the live topics; their sum is the number.

    \b
    Examples:
      kpi-stream explain connect_rate --entity a-017 --window interval_30m --start 2026-11-02T01:00:00Z
      kpi-stream explain connect_rate --entity t-3 --level team --window last_interval_30m
      kpi-stream explain promises --entity main --level site --window today --as-of 2026-11-02T04:30:00Z --json
      kpi-stream explain recovered_amount --currency CNY --level team --entity t-3 --window day \\
          --start 2026-11-02 --input monday.jsonl

    Without --input the inbound topics are read from their start. What counts up to the last event is listed, as in the
    record of a replay: no promise is broken in a time that the events know nothing of. --as-of T is the number as it
    was then, as the record whose `as_of` is T has it. Windows are named as in records, or as in the board's address; a
    date is a day of the site.
    """
    from stream.replay.explaining import contributions

    if as_json and as_csv:
        raise CommandError("--csv: not beside --json", exit_code=2)
    settings = settings_of(config)
    home = _home(level, entity, site)
    now_ms = time.time_ns() // 1_000_000
    span = span_of(settings, home, window, start, now_ms)
    question = _question(_kpi(settings, kpi, currency), currency, level, entity, home, span)
    known_ms = end_ms_of(settings, instant_text(now_ms) if as_of == NOW else as_of)
    if known_ms is not None:
        question = replace(question, end_ms=max(question.start_ms, min(question.end_ms, known_ms)))
    store = facts_of(settings, [*(inputs or []), *(more or [])], known_ms)
    found = contributions(store, question, settings.definitions(), settings.plan(), settings.conduct())
    if as_json:
        print_json(question, span.window, found, settings)
    elif as_csv:
        print_csv(found)
    else:
        for line in page(question, span.window, found, settings, store.greatest_ms):
            print(escaped(line))


def _kpi(settings: "Settings", name: str, currency: str | None) -> "Kpi":
    from stream.kpis.catalogue import CATALOGUE, kpis_of

    kpi = kpis_of(conduct=settings.document.conduct is not None).get(name)
    if kpi is None and name in CATALOGUE:
        raise CommandError(f"no such KPI: {name!r} without a section `conduct`", exit_code=2)
    if kpi is None:
        raise CommandError(f"no such KPI: {name!r} (`kpi-stream kpis` lists them)", exit_code=2)
    if kpi.per_currency != (currency is not None):
        wanted = "needs a --currency" if kpi.per_currency else "has no --currency"
        raise CommandError(f"{name} {wanted}", exit_code=2)
    return kpi


def _home(level: str, entity: str, site: str | None) -> str:
    """The site of the entity."""
    if level == "site" and site not in (None, entity):
        raise CommandError(f"--site: {site!r} is not the site {entity!r}", exit_code=2)
    return entity if level == "site" else site or "main"


def _question(kpi: "Kpi", currency: str | None, level: str, entity: str, home: str, span: "Span") -> "Question":
    from stream.kpis.kpi import why_not_at
    from stream.replay.explaining import Question
    from stream.windows.measures import LEVELS

    if level not in LEVELS:
        raise CommandError(f"--level: {level!r} is not agent, team, queue, segment or site", exit_code=2)
    if reason := why_not_at(kpi, level):
        raise CommandError(f"--level: {kpi.id} {reason}", exit_code=2)
    return Question(kpi, currency, home, level, entity, span.start_ms, span.end_ms)
