"""`kpi-stream alerts`: who has which alert, what is silenced, which alarms were true, and a report of all that."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stream.cli.configuration import Config
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.alerts.report import RuleReport
    from stream.cli.alert_records import AlertBook

app = typer.Typer(no_args_is_help=False, help="Alerts: listed, taken on, silenced, judged, reported.")

ID = Annotated[str, typer.Argument(metavar="ID", help="Of the alert, or the beginning of it.", show_default=False)]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who says so; the name of the login.", show_default=False)
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="What others should know.", show_default=False)]
Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How it is printed.")]
State = Annotated[
    Literal["open", "pending", "firing", "resolved", "all"], typer.Option("--state", help="Open: pending or firing.")
]

LISTED = ("alert_id", "state", "severity", "rule", "level", "entity", "site", "value", "threshold", "fired_at",
          "resolved_at", "taken_by", "taken_since", "note", "silenced_until", "muted", "judged", "reason")  # fmt: skip
SILENCES = ("id", "by", "from", "until", "match", "why")
REPORTED = ("rule", "episodes", "acknowledged", "acknowledged_share", "acknowledge_median_ms", "acknowledge_p90_ms",
            "resolve_median_ms", "resolve_p90_ms", "judged", "true_alarms", "true_share")  # fmt: skip


@app.command("list")
def list_(
    state: State = "open",
    site: Annotated[str | None, typer.Option("--site", metavar="S", help="Only at it.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="R", help="Only its.", show_default=False)] = None,
    output: Format = "table",
    config: Config = None,
) -> None:
    """Lists alerts, the latest first: a table, CSV, or JSON of which each line is a record with what was done about it.

    \b
    Examples:
      kpi-stream alerts list
      kpi-stream alerts list --state all --site main --format csv > alerts.csv
      kpi-stream alerts list --state firing --format json | jq .alert_id

    Silenced and muted ones are among them, and say so.
    """
    import time

    from stream.cli.alert_records import book_of
    from stream.cli.tables_shown import print_rows

    states = {"open": ("pending", "firing"), "all": ("pending", "firing", "resolved")}.get(state, (state,))
    rows = [
        row
        for row in book_of(config).rows(time.time_ns() // 1_000_000)
        if row["state"] in states
        and site in (None, row["site"])
        and rule in (None, row["rule"], row["rule"].removesuffix(f".{row['severity']}"))
    ]
    if output != "json":
        rows = [row | {"judged": {True: "true", False: "false"}.get(row["judged"])} for row in rows]
    print_rows(sorted(rows, key=_latest, reverse=True), LISTED, output)


@app.command()
def ack(id_: ID, by: By = None, note: Note = "", config: Config = None) -> None:
    """Takes an alert on: everybody sees who has it, and since when. Whoever did so last has it.

    \b
    Examples:
      kpi-stream alerts ack 9f2c41d0 --by "Li Na" --note "the trunk is down, provider called"
    """
    _about_alert({"action": "ack", "id": id_, "by": _name(by), "note": note}, config, "has")


@app.command()
def unack(id_: ID, by: By = None, note: Note = "", config: Config = None) -> None:
    """Gives an alert back: nobody has it any more.

    \b
    Examples:
      kpi-stream alerts unack 9f2c41d0
    """
    _about_alert({"action": "unack", "id": id_, "by": _name(by), "note": note}, config, "gave back")


@app.command()
def judge(
    id_: ID,
    true_alarm: Annotated[
        bool | None, typer.Option("--true/--false", help="Whether it was one.", show_default=False)
    ] = None,
    by: By = None,
    note: Note = "",
    config: Config = None,
) -> None:
    """Says whether an alert was a true alarm, open or not. What was said last counts.

    \b
    Examples:
      kpi-stream alerts judge 9f2c41d0 --true --by "Li Na"
      kpi-stream alerts judge 9f2c41d0 --false --note "fire drill"
    """
    if true_alarm is None:
        raise CommandError("judge: --true or --false is required", exit_code=2)
    fields = {"action": "judge", "id": id_, "by": _name(by), "note": note, "true_alarm": true_alarm}
    _about_alert(fields, config, f"judged {'true' if true_alarm else 'false'}:")


@app.command()
def silence(
    match: Annotated[
        list[str],
        typer.Option(
            "--match", metavar="KEY=VALUE,...", help="rule, site, level, entity, severity.", show_default=False
        ),
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What is going on.", show_default=False)],
    length: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="How long: 90m, 2h, 1d.", show_default=False)
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="T", help="When it begins: now.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="When it ends, instead of --for.", show_default=False)
    ] = None,
    by: By = None,
    config: Config = None,
) -> None:
    """Silences alerts for a time: the board shows how many, `forward` sends none. Prints the id of the silence.

    \b
    Examples:
      kpi-stream alerts silence --match rule=connect_rate_low,site=main --for 2h --by "Li Na" --why "trunk maintenance"
      kpi-stream alerts silence --match site=lisbon --from 2026-12-24T18:00:00Z --until 2026-12-27T08:00:00Z --why xmas

    All that is named must agree. A rule stands for all its severities.
    """
    import secrets

    from stream.alerts.handling import StandingSilence
    from stream.cli.alert_records import say
    from stream.facts.instant import instant_text
    from stream.facts.printable import escaped

    from_ms, until_ms = _span(begin, until, length)
    fields = {
        "action": "silence", "id": f"s-{secrets.token_hex(8)}", "by": _name(by), "note": why,
        "from": instant_text(from_ms), "until": instant_text(until_ms), "match": _match(match),
    }  # fmt: skip
    book, action = say(config, fields)
    assert action.action == "silence"
    standing = StandingSilence(action.id, action.by, action.note, action.from_ms, action.until, action.match)
    number = sum(alert.state != "resolved" and standing.covers(alert) for alert in book.alerts.values())
    print(f"silenced until {instant_text(until_ms)}; it covers {number} of the alerts that are open", file=sys.stderr)
    rule = action.match.rule
    if rule is not None and not number and rule not in _rules_known(book, config):
        told = f"kpi-stream: neither the configuration nor an alert has a rule {rule!r}: the silence is about nothing"
        print(escaped(told), file=sys.stderr)
    print(action.id)


def _rules_known(book: "AlertBook", config: Config) -> set[str]:
    """What a silence may mean by a rule: rules with and without a severity, also of configurations of before."""
    from stream.cli.configuration import settings_of

    rules = settings_of(config).rules()
    found = {name for rule in rules for name in (rule.rule, rule.family)}
    for alert in book.alerts.values():
        found |= {alert.rule, alert.rule.removesuffix(f".{alert.severity}")}
    return found


@app.command()
def unsilence(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the silence.", show_default=False)],
    by: By = None,
    note: Note = "",
    config: Config = None,
) -> None:
    """Ends a silence now.

    \b
    Examples:
      kpi-stream alerts unsilence s-1f0c55a2b7e94d10
    """
    from stream.cli.alert_records import say

    _, action = say(config, {"action": "unsilence", "id": id_, "by": _name(by), "note": note})
    print(f"silence {action.id} is over")


@app.command()
def silences(output: Format = "table", config: Config = None) -> None:
    """Lists the silences that are in force or to come.

    \b
    Examples:
      kpi-stream alerts silences
    """
    import time

    from stream.cli.alert_records import book_of
    from stream.cli.tables_shown import print_rows
    from stream.facts.instant import instant_text

    rows: list[dict[str, Any]] = [
        {
            "id": each.id, "by": each.by, "from": instant_text(each.from_ms), "until": instant_text(each.until_ms),
            "match": each.match.named() if output == "json" else [f"{k}={v}" for k, v in each.match.named().items()],
            "why": each.why,
        }
        for each in book_of(config).handlings.silences(time.time_ns() // 1_000_000, to_come=True)
    ]  # fmt: skip
    print_rows(rows, SILENCES, output)


@app.command()
def report(
    begin: Annotated[
        str | None, typer.Option("--from", metavar="T", help="2026-11-02 (UTC) or an instant: all.", show_default=False)
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="T", help="Before it: until now.", show_default=False)
    ] = None,
    output: Format = "table",
    config: Config = None,
) -> None:
    """Reports per rule how alerts were dealt with that began to fire in [--from, --to).

    \b
    Examples:
      kpi-stream alerts report --from 2026-11-01 --to 2026-12-01
      kpi-stream alerts report --from 2026-11-02T08:00:00Z --format csv > alerts.csv

    Episodes; how many were acknowledged and after how long (median, and what nine in ten did not exceed); after how
    long they resolved; how many of those judged were true alarms. The topic holds alerts for `publish.keep`.
    """
    from stream.alerts.report import Episode, report
    from stream.cli.alert_records import book_of
    from stream.cli.tables_shown import print_rows
    from stream.facts.instant import instant_ms

    from_ms, to_ms = _moment("--from", begin), _moment("--to", end)
    if from_ms is not None and to_ms is not None and from_ms >= to_ms:
        raise CommandError("--to: must be after --from", exit_code=2)
    book = book_of(config)
    episodes = [
        Episode(
            alert.rule,
            instant_ms(alert.fired_at),
            instant_ms(alert.resolved_at) if alert.resolved_at else None,
            book.handlings.of(alert.alert_id),
        )
        for alert in book.alerts.values()
        if alert.fired_at is not None
    ]
    rows = [_reported(each) for each in report(episodes, from_ms, to_ms)]
    if output == "table":
        rows = [{k: _length(v) if k.endswith("_ms") else v for k, v in row.items()} for row in rows]
    print_rows(rows, REPORTED, output)


def _reported(of: "RuleReport") -> dict[str, Any]:
    from stream.alerts.report import median, p90

    return {
        "rule": of.rule,
        "episodes": of.episodes,
        "acknowledged": of.acknowledged,
        "acknowledged_share": round(of.acknowledged / of.episodes, 4),
        "acknowledge_median_ms": median(of.acknowledge_ms),
        "acknowledge_p90_ms": p90(of.acknowledge_ms),
        "resolve_median_ms": median(of.resolve_ms),
        "resolve_p90_ms": p90(of.resolve_ms),
        "judged": of.judged,
        "true_alarms": of.true_alarms,
        "true_share": round(of.true_alarms / of.judged, 4) if of.judged else None,
    }


def _length(ms: int | None) -> str | None:
    """1h 02m, 4m 10s or 12s."""
    if ms is None:
        return None
    minutes, seconds = divmod(ms // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s" if minutes else f"{seconds}s"


def _about_alert(fields: dict[str, Any], config: Any, did: str) -> None:
    from stream.cli.alert_records import say
    from stream.facts.printable import escaped

    book, action = say(config, fields)
    alert = book.alerts[action.id]
    ended = f", which resolved at {alert.resolved_at}" if alert.state == "resolved" else ""
    print(escaped(f"{action.by} {did} {action.id}: {alert.rule}, {alert.level} {alert.entity} at {alert.site}{ended}"))


def _name(by: str | None) -> str:
    import getpass

    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise CommandError("--by: is required: this login has no name", exit_code=2) from None


def _match(texts: list[str]) -> dict[str, str]:
    import re

    found: dict[str, str] = {}
    for part in (part for text in texts for part in re.split(r",(?=\w+=)", text)):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise CommandError(f"--match: {part!r} is not like rule=connect_rate_low", exit_code=2)
        if found.setdefault(name, value) != value:
            raise CommandError(f"--match: {name} is given twice", exit_code=2)
    return found


def _span(begin: str | None, until: str | None, length: str | None) -> tuple[int, int]:
    """When a silence begins and ends."""
    import time

    from stream.cli.options import instant_option
    from stream.settings.units import duration_ms

    if (until is None) == (length is None):
        raise CommandError("--for or --until is required, and not both", exit_code=2)
    now_ms = time.time_ns() // 1_000_000
    from_ms = instant_option("--from", begin)
    from_ms = now_ms if from_ms is None else from_ms
    until_ms = instant_option("--until", until)
    if until_ms is None:
        try:
            until_ms = from_ms + duration_ms(length)
        except ValueError as error:
            raise CommandError(f"--for: {error}", exit_code=2) from None
    if until_ms <= max(from_ms, now_ms):
        raise CommandError("--until: must lie in the future, and after --from", exit_code=2)
    return from_ms, until_ms


def _moment(option: str, text: str | None) -> int | None:
    from stream.cli.options import instant_option

    is_day = text is not None and len(text) == len("2026-11-02")
    return instant_option(option, f"{text}T00:00:00Z" if is_day else text)


def _latest(row: dict[str, Any]) -> tuple[str, str]:
    return row["at"].removesuffix("Z"), row["alert_id"]
