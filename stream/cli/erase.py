"""`kpi-stream erase`: takes a debtor out of the ledger while final numbers stay, and lists who was erased by whom."""

import sys
import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stream.cli.configuration import Config, settings_of
from stream.cli.failure import CommandError
from stream.cli.options import check_identifier

if TYPE_CHECKING:
    from stream.engine.debtors.erasure import Asked, Erasure
    from stream.settings import Settings

LOOK_SECONDS = 0.5
FOUND = ("topic", "records", "kinds", "first", "last", "becomes")
LISTED = ("id", "state", "asked_at", "by", "reason", "facts", "first", "last", "conduct", "through", "done_at", "why")


def erase(
    debtor: Annotated[
        str | None, typer.Argument(metavar="DEBTOR", help="Whom to erase: the `debtor_id`.", show_default=False)
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who wants it; for the record.", show_default=False)
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; for the record. Do not name the debtor.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[
        int, typer.Option("--wait", min=0, max=86_400, metavar="SECONDS", help="For a worker to do it.")
    ] = 60,
    list_: Annotated[bool, typer.Option("--list", help="List erasures instead; of DEBTOR, if given.")] = False,
    output: Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How it is printed.")] = "table",
    config: Config = None,
) -> None:
    """Erases a debtor: the facts leave the ledger, and what says something about the debtor the topic of conduct.

    \b
    Examples:
      kpi-stream erase d-7 --dry-run
      kpi-stream erase d-7 --by "Li Na" --reason "asked for by letter, file 2026/114"
      kpi-stream erase --list
      kpi-stream erase --list d-7 --format json

    Says first what there is in which topic, and what stays there until when. Numbers that were counted stay; deadlines
    that are still ahead are taken back; later events of the debtor begin anew. The worker that owns the debtor's
    partition does it; the command waits for it. The record of it names no debtor. Exit code 1 if it is not done yet.
    """
    if debtor is not None:
        check_identifier("DEBTOR", debtor)
    settings = settings_of(config)
    if list_:
        _list(settings, debtor, output)
        return
    if debtor is None:
        raise CommandError("DEBTOR: is required, or --list", exit_code=2)
    if by is None and not dry_run:
        raise CommandError("--by: is required: the record says who wanted it", exit_code=2)
    check_identifier("--by", by or "nobody")
    _check_reason(reason, debtor)
    _erase(settings, debtor, by or "", reason, wait, output, dry_run=dry_run, yes=yes)


def _check_reason(reason: str, debtor: str) -> None:
    from stream.cli.debtor_traces import naming
    from stream.engine.debtors.erasure import MOST_REASON

    if len(reason) > MOST_REASON or any(0xD800 <= ord(each) <= 0xDFFF for each in reason):
        raise CommandError(f"--reason: must be text of {MOST_REASON} characters at most", exit_code=2)
    if naming(debtor).search(reason.encode()):
        raise CommandError("--reason: names the debtor: it is kept for ever, and read by others", exit_code=2)


def _erase(
    settings: "Settings", debtor: str, by: str, reason: str, wait: int, output: str, *, dry_run: bool, yes: bool
) -> None:
    from stream.cli.broker import reached
    from stream.cli.debtor_traces import traces
    from stream.cli.progress import show_line
    from stream.cli.tables_shown import print_rows
    from stream.kafka.names import Names
    from stream.kafka.topics import TopicsError, topic_partitions
    from stream.partition.intake import key_partition

    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    with reached(settings):
        partitions = topic_partitions(settings, names.ledger)
        if partitions is None or topic_partitions(settings, names.erasures) is None:
            missing = names.ledger if partitions is None else names.erasures
            raise CommandError(f"there is no topic {missing} (`kpi-stream topics create` makes it)")
        partition = key_partition(debtor.encode(), partitions)
        try:
            found = traces(settings, debtor, partition, lambda number: show_line(f"{number:,} records looked through"))
        except TopicsError as error:
            raise CommandError(str(error)) from error
        show_line("")
        rows = [trace.row() for trace in found]
        if output != "json":
            rows = [row | {"kinds": [f"{count} {kind}" for kind, count in row["kinds"].items()]} for row in rows]
        print_rows(rows, FOUND, output)
        sys.stdout.flush()
        if dry_run:
            print("dry run: nothing was changed", file=sys.stderr)
            return
        if not yes:
            _confirm()
        asked = _waiting(settings, names.erasures, debtor, partition)
        if asked is None:
            asked = _asked(debtor, by, reason, partition, partitions)
            _send(settings, names.erasures, asked)
        else:
            print(f"{asked.by} asked for it at {asked.asked_at} already, as {asked.id}", file=sys.stderr)
        _say(_outcome(settings, names.erasures, asked, wait), wait)


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise CommandError("--yes: is required, since nobody can be asked here", exit_code=2)
    if not typer.confirm("Erase? It cannot be undone.", err=True):
        raise CommandError("nothing was changed")


def _asked(debtor: str, by: str, reason: str, partition: int, partitions: int) -> "Asked":
    import secrets

    from stream.engine.debtors.erasure import Asked, subject_of
    from stream.facts.instant import instant_text

    salt = secrets.token_hex(16)
    return Asked(
        id=secrets.token_hex(16), by=by, reason=reason, asked_at=instant_text(time.time_ns() // 1_000_000), salt=salt,
        subject=subject_of(salt, debtor), partition=partition, partitions=partitions,
    )  # fmt: skip


def _send(settings: "Settings", topic: str, asked: "Asked") -> None:
    import asyncio
    from functools import partial

    from stream.cli.broker import started
    from stream.cli.resubmission import producer_of
    from stream.engine.debtors.erasure import encode_erasure

    async def send() -> None:
        producer = await started(partial(producer_of, settings))
        try:
            key, value = encode_erasure(asked)
            await producer.send_and_wait(topic, value, key, partition=asked.partition)
        finally:
            await producer.stop()

    asyncio.run(send())


def _latest(settings: "Settings", topic: str, only: tuple[int, int] | None = None) -> "dict[str, Erasure]":
    """Id -> the erasure as it stands. Records that cannot be read are left out, and counted on stderr."""
    from stream.cli.broker import committed_records
    from stream.cli.failure import warn
    from stream.engine.debtors.erasure import read_erasure

    found: dict[str, Erasure] = {}
    unreadable = 0
    for record in committed_records(settings, [topic], only):
        try:
            erasure = read_erasure(record.key, record.value)
        except ValueError:
            unreadable += 1
            continue
        found[erasure.id] = erasure
    if unreadable:
        warn(f"{topic}: {unreadable} records cannot be read and are left out")
    return found


def _waiting(settings: "Settings", topic: str, debtor: str, partition: int) -> "Asked | None":
    """An erasure of this debtor that is asked for already."""
    from stream.engine.debtors.erasure import Asked

    known = _latest(settings, topic, (partition, 0)).values()
    return next((each for each in known if isinstance(each, Asked) and each.is_about(debtor)), None)


def _outcome(settings: "Settings", topic: str, asked: "Asked", wait: int) -> "Erasure":
    """The erasure as it stands once it is settled, or once that was waited for."""
    until = time.monotonic() + wait
    while True:
        now = _latest(settings, topic, (asked.partition, 0)).get(asked.id, asked)
        if now.state != "asked" or time.monotonic() >= until:
            return now
        time.sleep(LOOK_SECONDS)


def _say(erasure: "Erasure", wait: int) -> None:
    from stream.engine.debtors.erasure import Done, NotErased

    if isinstance(erasure, NotErased):
        raise CommandError(f"erasure {erasure.id}: {erasure.why}")
    if not isinstance(erasure, Done):
        raise CommandError(
            f"erasure {erasure.id} is asked for, and no worker has done it within {wait} s: one that owns partition "
            f"{erasure.partition} will (`kpi-stream erase --list` shows it)"
        )
    conduct = f", {erasure.conduct} records of conduct" if erasure.conduct else ""
    print(f"erased at {erasure.done_at}: {sum(erasure.facts.values())} facts{conduct}; its record is {erasure.id}",
          file=sys.stderr)  # fmt: skip


def _list(settings: "Settings", debtor: str | None, output: str) -> None:
    from stream.cli.broker import reached
    from stream.cli.tables_shown import print_rows
    from stream.kafka.names import Names

    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).erasures
    with reached(settings):
        found = [each for each in _latest(settings, topic).values() if debtor is None or each.is_about(debtor)]
    rows = [each.model_dump() for each in sorted(found, key=lambda each: (each.asked_at, each.id), reverse=True)]
    if output != "json":
        kinds = [row.get("facts") for row in rows]
        rows = [
            row | {"facts": None if of is None else [f"{count} {kind}" for kind, count in of.items()] or "0"}
            for row, of in zip(rows, kinds, strict=True)
        ]
    print_rows(rows, LISTED, output)
