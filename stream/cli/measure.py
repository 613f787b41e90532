"""`kpi-stream measure`: sends the value of an indicator that no other event tells, as a `measurement` (scores 0)."""

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.facts.printable import escaped

if TYPE_CHECKING:
    from stream.settings import Settings


_VALUE = re.compile(r"(-?[0-9]{1,16})(?:\.([0-9]{1,15})|/([0-9]{1,16}))?")


def measure(
    value: Annotated[str, typer.Argument(metavar="VALUE", help="`95`, `1237/100000` or `0.01237`.")],
    indicator: Annotated[str, typer.Option("--indicator", metavar="I", help="Which one.", show_default=False)],
    entity: Annotated[str, typer.Option("--entity", metavar="E", help="Whose.", show_default=False)],
    period: Annotated[
        str, typer.Option("--period", metavar="P", help="2026-04-07, 2026-04 or 2026-Q2.", show_default=False)
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.", show_default=False)],
    level: Annotated[Literal["agent", "team", "queue", "segment", "site"], typer.Option("--level")] = "agent",
    site: Annotated[str, typer.Option("--site", metavar="S", help="At which site.")] = "main",
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CUR", help="Of an amount in minor units.", show_default=False)
    ] = None,
    void: Annotated[bool, typer.Option("--void", help="Take the value back.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the event and send nothing.")] = False,
    config: Config = None,
) -> None:
    """Sends a measurement: a value for scorecards that people or another system give.

    \b
    Examples:
      kpi-stream measure --indicator bad_rate --level team --entity t-3 --period 2026-Q2 1237/100000 --by anna
      kpi-stream measure --indicator superior_rating --entity l-1 --period 2026-04 95 --by "head of centre"
      kpi-stream measure --indicator occurrences --entity a-017 --period 2026-04-07 2 --by qa --dry-run

    A later measurement of the same indicator, entity and period replaces this one. Who gave it is in its id.
    """
    import time

    import orjson

    from stream.facts.decode import Rejection, decode

    settings = settings_of(config)
    event = _event(value, indicator, (level, entity, site), period, by, currency, time.time_ns() // 1_000_000)
    if void:
        event["void"] = True
    line = orjson.dumps(event)
    read = decode(line)
    if isinstance(read, Rejection):
        raise CommandError(f"no measurement: {read.detail}", exit_code=2)
    if indicator not in settings.document.indicators:
        print(
            escaped(f"kpi-stream: the configuration does not declare {indicator!r}: it will only be counted"),
            file=sys.stderr,
        )
    if not dry_run:
        _send(settings, event["measurement_id"].encode(), line)
    print(line.decode())


def _event(
    value: str, indicator: str, whose: tuple[str, str, str], period: str, by: str, currency: str | None, now_ms: int
) -> dict[str, Any]:
    from stream.cli.score_records import span_of
    from stream.facts.instant import instant_text

    level, entity, site = whose
    span = span_of(period)
    # One id for one statement about one number: said again, or taken back, it is a higher version of the same fact.
    identity = f"{by} {indicator} {site} {level} {entity} {period}" + (f" {currency}" if currency else "")
    return {
        "type": "measurement",
        "event_id": f"{identity} {now_ms}",
        "measurement_id": identity,
        "version": now_ms,
        "occurred_at": instant_text(now_ms),
        "site_id": site,
        "indicator": indicator,
        "level": level,
        "entity": entity,
        "period": span.kind or "day",
        "period_start": span.first.isoformat(),
        **_numbers(value),
        **({"currency": currency} if currency else {}),
    }


def _numbers(value: str) -> dict[str, int]:
    """Numerator, and denominator where the value has one; a decimal is a fraction of a power of ten."""
    match = _VALUE.fullmatch(value)
    if match is None:
        raise CommandError(f"{value!r} is not a value such as 95, 1237/100000 or 0.01237", exit_code=2)
    whole, decimals, denominator = match.groups()
    if decimals is not None:
        return {"numerator": int(whole + decimals), "denominator": 10 ** len(decimals)}
    return {"numerator": int(whole), **({} if denominator is None else {"denominator": int(denominator)})}


def _send(settings: "Settings", key: bytes, value: bytes) -> None:
    import asyncio
    from functools import partial

    from stream.cli.broker import reached, started
    from stream.cli.resubmission import producer_of
    from stream.facts.fact import Measurement

    async def send() -> None:
        producer = await started(partial(producer_of, settings))
        try:
            await producer.send_and_wait(f"{settings.kafka.topic_prefix}.{Measurement.TOPIC}.v1", value, key)
        finally:
            await producer.stop()

    with reached(settings):
        asyncio.run(send())
