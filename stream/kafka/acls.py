"""What each program has to be allowed at a Kafka with an authorizer, and no more: `kpi-stream topics acls` prints it.

`docs/security.md` says how to give it. tests/kafka/test_acls.py reads the authorizer's own log: every one that is
listed here is used, and nothing else is.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from stream.kafka.names import Names
from stream.settings import Settings

Program = Literal["worker", "board", "forward", "feed", "erase"]
PROGRAMS: tuple[Program, ...] = get_args(Program)


class Acl(NamedTuple):
    """One operation on one resource. `resource`: `topic`, `group` or `transactional-id`. `pattern`: `literal`, or
    `prefixed` where `name` is the beginning of names. `operation`: as Kafka's tools write it (`Read`, `Write`,
    `Describe`, `DescribeConfigs`, `Delete`); `Read`, `Write` and `Delete` bring `Describe` with them."""

    resource: str
    name: str
    pattern: str
    operation: str

    def __str__(self) -> str:
        named = self.name if self.pattern == "literal" else f"{self.name}*"
        return f"{self.operation} on {self.resource} {named}"


def least_acls(program: Program, settings: Settings) -> list[Acl]:
    """The least that a program needs under this configuration, sorted. A feed that reads a topic also needs `Read` on
    that topic and on its group: they are in, for each feed of the configuration that has one."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    return sorted(
        set(
            {"worker": _worker, "board": _board, "forward": _forward, "feed": _feed, "erase": _erase}[program](
                names, settings
            )
        )
    )


def _topics(names: tuple[str, ...], *operations: str) -> Iterator[Acl]:
    for name in names:
        for operation in operations:
            yield Acl("topic", name, "literal", operation)


def _worker(names: Names, settings: Settings) -> Iterator[Acl]:
    """It reads events, deltas and its state, writes everything else, and looks at all topics when it starts."""
    yield from _topics(names.inbound, "Read", "DescribeConfigs")
    yield from _topics((names.deltas,), "Read", "Write", "Delete", "DescribeConfigs")
    yield from _topics((names.ledger, names.windows, names.erasures), "Read", "Write", "DescribeConfigs")
    yield from _topics((names.alerts,), "Read", "Write", "DescribeConfigs")
    yield from _topics((names.kpi, names.agents, names.deadletter, names.scoring), "Write", "DescribeConfigs")
    yield from _topics((names.alertactions,), "Describe", "DescribeConfigs")
    if settings.board.names_topic:
        yield from _topics((names.names,), "Describe", "DescribeConfigs")
    with_rules = settings.document.conduct is not None
    yield from _topics((names.conduct,), *(("Read", "Write") if with_rules else ("Describe",)), "DescribeConfigs")
    if settings.schemes():
        yield from _topics((names.scores,), "Read", "Write", "DescribeConfigs")
        yield from _topics((names.scoreledger,), "Write", "DescribeConfigs")
        yield from _topics((names.kpi, names.scoring), "Read")
    else:
        yield from _topics((names.scores, names.scoreledger), "Describe", "DescribeConfigs")
    yield Acl("group", names.group, "literal", "Read")
    for stage in (1, 2):
        yield Acl("transactional-id", names.transactional_id(stage, 0).removesuffix("0"), "prefixed", "Write")


def _board(names: Names, settings: Settings) -> Iterator[Acl]:
    """It only reads, and is in no group."""
    yield from _topics((names.kpi, names.alerts, names.agents), "Read")
    yield from _topics((names.alertactions,), "Read", "Write")
    if settings.schemes():
        yield from _topics((names.scores,), "Read")
    if settings.board.names_topic:
        yield from _topics((names.names,), "Read")
    if settings.document.conduct is not None:
        yield from _topics((names.conduct,), "Read")


def _forward(names: Names, _: Settings) -> Iterator[Acl]:
    """It reads alerts and what people did about them, and keeps its place in a group of its own."""
    yield from _topics((names.alerts, names.alertactions), "Read")
    yield Acl("group", f"{names.group}.forward.", "prefixed", "Read")


def _feed(names: Names, settings: Settings) -> Iterator[Acl]:
    """It writes events, and records that it cannot map; where it reads a topic, its place is in a group of its own."""
    yield from _topics((*names.inbound, names.deadletter), "Write")
    yield from _topics((names.deadletter,), "DescribeConfigs")
    yield Acl("transactional-id", names.feed_id(""), "prefixed", "Write")
    for feed in settings.document.feeds:
        if feed.source.topic is not None:
            yield Acl("topic", feed.source.topic, "literal", "Read")
            group = feed.source.group or f"{names.group}.{feed.name}"
            yield Acl("group", group, "literal", "Read")


def _erase(names: Names, _: Settings) -> Iterator[Acl]:
    """It looks what there is of a debtor, and asks the owner of the partition to erase it."""
    held = (*names.inbound, names.deadletter, names.ledger, names.conduct)
    yield from _topics(held, "Read", "DescribeConfigs")
    yield from _topics((names.erasures,), "Read", "Write")
