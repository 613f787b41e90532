"""`kpi-stream explain`: the facts behind one KPI value."""

from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.facts_shown import facts_of, page
from stream.cli.failure import CommandError
from stream.cli.options import instant_option
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
        str, typer.Option("--window", metavar="W", help="Such as day or interval_30m.", show_default=False)
    ],
    start: Annotated[str, typer.Option("--start", metavar="T", help="The window's start.", show_default=False)],
    level: Annotated[str, typer.Option("--level", help="agent, team, queue, segment or site.")] = "agent",
    site: Annotated[
        str | None, typer.Option("--site", metavar="ID", help="The site: main by default.", show_default=False)
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CUR", help="For a KPI per currency.", show_default=False)
    ] = None,
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
      kpi-stream explain recovered_amount --currency CNY --level team --entity t-3 --window day \\
          --start 2026-11-01T16:00:00Z --input monday.jsonl

    Without --input the inbound topics are read from their start. What counts up to the last event is listed, as in the
    record of a replay: no promise is broken in a time that the events know nothing of.
    """
    from stream.replay.explaining import contributions

    settings = settings_of(config)
    question = _question(settings, _kpi(settings, kpi, currency), currency, level, entity, site, window, start)
    sources = [*(inputs or []), *(more or [])]
    store = facts_of(settings, sources)
    for line in page(
        question,
        window,
        contributions(store, question, settings.definitions(), settings.plan(), settings.conduct()),
        settings,
    ):
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


def _question(
    settings: "Settings",
    kpi: "Kpi",
    currency: str | None,
    level: str,
    entity: str,
    site: str | None,
    window: str,
    start: str,
) -> "Question":
    from stream.kpis.kpi import why_not_at
    from stream.replay.explaining import Question
    from stream.windows.measures import LEVELS

    if level not in LEVELS:
        raise CommandError(f"--level: {level!r} is not agent, team, queue, segment or site", exit_code=2)
    if reason := why_not_at(kpi, level):
        raise CommandError(f"--level: {kpi.id} {reason}", exit_code=2)
    if level == "site" and site not in (None, entity):
        raise CommandError(f"--site: {site!r} is not the site {entity!r}", exit_code=2)
    home = entity if level == "site" else site or "main"
    start_ms, end_ms = _span(settings, home, window, start)
    return Question(kpi, currency, home, level, entity, start_ms, end_ms)


def _span(settings: "Settings", site: str, window: str, start: str) -> tuple[int, int]:
    from stream.facts.instant import instant_text
    from stream.windows.calendar import Calendar

    if window not in settings.window_names():
        raise CommandError(f"--window: no such window: {window!r} (there are {', '.join(settings.window_names())})", 2)
    start_ms = instant_option("--start", start)
    assert start_ms is not None
    plan = settings.plan()
    rolling = dict(plan.rolling).get(window)
    if rolling is not None:
        return start_ms, start_ms + rolling
    held = [each for each in Calendar(plan).site(site).windows(start_ms) if each[0] == window]
    found = next((each for each in held if each[1] == start_ms), None)
    if found is not None:
        return found[1], found[2]
    near = f"the one that holds it starts at {instant_text(held[0][1])}" if held else "none holds it"
    raise CommandError(f"--start: no {window} of site {site} starts at {start}: {near}", exit_code=2)
