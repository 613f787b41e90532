"""`kpi-stream headroom`: what may still be done with a debtor under each conduct rule, and from when on."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import check_identifier, instant_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream.facts.fact import Fact
    from stream.settings import Settings


def headroom(
    debtor: Annotated[
        str, typer.Argument(metavar="DEBTOR", help="The debtor who is to be called.", show_default=False)
    ],
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="When the call is placed: now.", show_default=False)
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", metavar="C", help="On which case: each that is open.", show_default=False)
    ] = None,
    number: Annotated[
        str | None,
        typer.Option("--number", metavar="N", help="On which number: each of the last 7 days.", show_default=False),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option("--site", metavar="S", help="From which site: that of the latest case event.", show_default=False),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE...", help="Files of events: else the ledger topic.", show_default=False),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="More files.", show_default=False)
    ] = None,
    config: Config = None,
) -> None:
    """Prints, as one JSON object, whether a debtor may be called under each conduct rule, and if not, from when on.

    \b
    Examples:
      kpi-stream headroom d-7
      kpi-stream headroom d-7 --input monday.jsonl tuesday.jsonl
      kpi-stream headroom d-7 --at 2026-11-02T15:00:00Z --case c-7 --number n-1 --input events.jsonl.gz
      kpi-stream headroom d-7 --input events.parquet | jq -r .allowed_from

    Without --input the debtor's facts are read from the ledger topic, as the workers have committed them.
    It is told of a call that has ended: a dialler adds its own calls in progress. Exit code 0 whatever the answer.
    """
    import orjson

    from stream.conduct.headroom import Query
    from stream.conduct.headroom import headroom as answered
    from stream.conduct.history import History

    for option, text in (("DEBTOR", debtor), ("--case", case), ("--number", number), ("--site", site)):
        if text is not None:
            check_identifier(option, text)
    at_ms = instant_option("--at", at)
    settings = settings_of(config)
    sources = [*(inputs or []), *(more or [])]
    facts, known_until_ms = (
        _facts_in_files(settings, sources, debtor) if sources else _facts_in_ledger(settings, debtor)
    )
    query = Query(debtor, time.time_ns() // 1_000_000 if at_ms is None else at_ms, case, number, site)
    answer = answered(History(settings.headroom_rules(), debtor, facts), query, known_until_ms)
    sys.stdout.write(orjson.dumps(answer).decode() + "\n")


def _facts_in_ledger(settings: "Settings", debtor: str) -> "tuple[list[Fact], int | None]":
    """The debtor's facts as the workers committed them, and the greatest `occurred_at` of all facts of that partition
    of the ledger; None where there are none."""
    from stream.cli.broker import committed_records, reached
    from stream.facts.format import NewerFormatError
    from stream.kafka.names import Names
    from stream.kafka.topics import topic_partitions
    from stream.ledger.store import record
    from stream.partition.intake import key_partition

    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).ledger
    held: dict[bytes, Fact] = {}
    greatest_ms: int | None = None
    with reached(settings):
        partitions = topic_partitions(settings, topic)
        if partitions is None:
            raise CommandError(f"there is no topic {topic}: no worker has run; or give --input FILE...")
        partition = key_partition(debtor.encode(), partitions)
        for each in committed_records(settings, [topic], (partition, 0)):
            owner, divider, _ = each.key.decode().partition("|")
            if not owner or not divider:
                continue
            if each.value is None:
                held.pop(each.key, None)
                continue
            try:
                fact = record.decode(owner, record.from_value(each.value))
            except NewerFormatError as error:
                raise CommandError(f"{topic}-{partition}: {error}") from error
            greatest_ms = fact.occurred_at if greatest_ms is None else max(greatest_ms, fact.occurred_at)
            if owner == debtor:
                held[each.key] = fact
    return list(held.values()), greatest_ms


def _facts_in_files(settings: "Settings", sources: "Sequence[str]", debtor: str) -> "tuple[list[Fact], int | None]":
    """The debtor's facts in files, and the greatest `occurred_at` of all events read; None where there are none."""
    from stream.cli.facts_shown import from_files
    from stream.replay.chunks import InputError
    from stream.replay.fact_store import FactStore

    store, greatest_ms = FactStore(settings.limits()), None
    try:
        for fact in from_files(settings, list(sources)):
            greatest_ms = fact.occurred_at if greatest_ms is None else max(greatest_ms, fact.occurred_at)
            if fact.debtor_id == debtor:
                store.add(fact)
    except InputError as error:
        raise CommandError(str(error)) from error
    return [fact for facts in store.groups() for fact in facts], greatest_ms
