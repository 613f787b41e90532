"""The AsyncAPI 3 document of all topics: what each carries, its key, its settings, and who may write and read it.

Topics, keys and settings come from the code (`stream/kafka/topics.py`, `stream/facts/fact.py`); messages refer to the
schemas beside the document. Names are those of the default `kafka.topic_prefix` and `kafka.group`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from stream.facts.fact import KINDS
from stream.kafka.names import Names
from stream.kafka.topics import Topic, wanted_topics
from stream.settings import Settings, load

DOCUMENT = "asyncapi.json"
JSON_SCHEMA = "application/schema+json;version=draft-2020-12"
INTERNAL = "docs/internals.md"


class Told(NamedTuple):
    """What the code does not know of a topic. `schemas`: file of its records' schema -> title; none: the records have
    no schema. `direction`: `in` is read by workers, `out` is written by them, `people` both, `theirs` is only read,
    `own` is nobody else's.
    """

    direction: str
    title: str
    key: str
    says: str
    schemas: dict[str, str] = {}


def _told(names: Names) -> dict[str, Told]:
    """Every topic but those of events."""
    return {
        names.kpi: Told("out", "KPI records", "site|level|entity|window|start",
            "One record per entity and window with all its KPIs. Of one key the highest revision counts, of equal ones "
            "the later.", {"kpi.json": "KPI record"}),
        names.alerts: Told("out", "Alerts", "alert_id",
            "Records of the life of an alert: pending, firing, resolved, cancelled.", {"alert.json": "Alert record"}),
        names.alertactions: Told("people", "What people do about alerts", "id of the alert or silence",
            "Acknowledged, judged, silenced: never compacted, so that who did what stands.",
            {"alertaction.json": "Action"}),
        names.agents: Told("out", "What agents do now", "site|agent", "The latest state of each agent.",
            {"agent.json": "Agent record"}),
        names.conduct: Told("out", "Conduct rules", "B|... of a breach, S|... of a standing",
            "Breaches of conduct rules and standings of debtors. A tombstone: the debtor was erased.",
            {"conduct.json": "Breach or standing"}),
        names.scores: Told("out", "Scores", "kind|name|version|site|level|entity|start",
            "Scorecards, payouts, contests and rewards of each period. The highest revision counts.",
            {"score.json": "Score"}),
        names.scoreledger: Told("out", "Score ledger", "kind|name|version|site|level|entity|start",
            "Every change of a score that was final, for ever.", {"scoreledger.json": "Ledger line"}),
        names.names: Told("theirs", "What ids are called", "level|id",
            "Written by others, read by the page where `board.names_topic` is true: the name of an agent, team, "
            "leader, queue, segment or site. A tombstone takes it back.", {"name.json": "Name of an id"}),
        names.deadletter: Told("out", "Dead letters", "that of the record",
            "Records that were not counted, byte for byte, with headers reason, detail, topic, partition, offset."),
        names.ledger: Told("own", "State of the debtor stage", "internal", f"Format: {INTERNAL}."),
        names.deltas: Told("own", "Contributions from debtor to entity stage", "internal", f"Format: {INTERNAL}."),
        names.windows: Told("own", "State of the entity stage", "internal", f"Format: {INTERNAL}."),
        names.erasures: Told("people", "Erasures of debtors", "id of the erasure",
            "Who was to be erased, at whose word, and what was done; no record names the debtor. Of one id the last "
            "record counts.", {"erasure.json": "Erasure"}),
        names.scoring: Told("own", "What scores are computed from", "internal", f"Format: {INTERNAL}."),
    }  # fmt: skip


def asyncapi(settings: Settings | None = None) -> dict[str, Any]:
    """The document, under a configuration; None: the defaults, with the topics that are optional."""
    settings = load(None, {"KPI_STREAM_BOARD__NAMES_TOPIC": "true"}) if settings is None else settings
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    told = _told(names) | {topic: _events(topic) for topic in names.inbound}
    topics = {topic.name: topic for topic in wanted_topics(settings)}
    told = {topic: about for topic, about in told.items() if topic in topics}
    messages = dict(_messages(told))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kpi-stream",
            "version": "1",
            "description": "Events of a debt-collection contact centre in; KPIs, alerts, conduct and scores out. Read "
            "the outbound topics with isolation_level read_committed. docs/contract.md says all of it.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "localhost:9092", "protocol": "kafka", "description": "kafka.bootstrap_servers"},
        },
        "channels": {_channel_id(name): _channel(topics[name], told[name]) for name in topics},
        "operations": dict(_operations(told)),
        "components": {"messages": messages},
    }


def _events(topic: str) -> Told:
    kinds = [kind for kind in KINDS if topic.split(".")[-2] == kind.TOPIC]
    keys = sorted({" or ".join((*kind.KEYED_BY, kind.OWN_ID)) for kind in kinds})
    return Told("in", f"Events: {topic.split('.')[-2]}", "; ".join(f"the first there is of {key}" for key in keys),
        "A key that is not the expected one, or hashed to another partition than murmur2 gives, is a dead letter.",
        {f"events/{kind.TYPE}.json": kind.TYPE for kind in kinds})  # fmt: skip


def _channel_id(topic: str) -> str:
    return topic.replace(".", "-")


def _message_id(topic: str, schema: str | None) -> str:
    return _channel_id(topic) if schema is None else schema.removesuffix(".json").replace("/", "-")


def _channel(topic: Topic, told: Told) -> dict[str, Any]:
    ids = [_message_id(topic.name, schema) for schema in told.schemas] or [_message_id(topic.name, None)]
    config = {"cleanup.policy": "delete", **topic.initial, **topic.config}
    shown: dict[str, Any] = {"cleanup.policy": config["cleanup.policy"].split(",")}
    for key in ("retention.ms", "delete.retention.ms", "max.compaction.lag.ms", "max.message.bytes"):
        if key in config:
            shown[key] = int(config[key])
    return {
        "address": topic.name,
        "title": told.title,
        "description": f"{told.says} Key: {told.key}.",
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in ids},
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions, "topicConfiguration": shown}},
    }


def _messages(told: dict[str, Told]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, topic in told.items():
        key = {"key": {"type": "string", "description": topic.key}}
        for schema, title in topic.schemas.items():
            payload = {"schemaFormat": JSON_SCHEMA, "schema": {"$ref": f"./{schema}"}}
            yield _message_id(name, schema), {"title": title, "payload": payload, "bindings": {"kafka": key}}
        if not topic.schemas:
            content = "application/octet-stream"
            yield _message_id(name, None), {"title": topic.title, "contentType": content, "bindings": {"kafka": key}}


def _operations(told: dict[str, Told]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the program does with each channel: `receive` what it reads, `send` what it writes."""
    actions = {
        "in": ("receive",),
        "out": ("send",),
        "people": ("receive", "send"),
        "theirs": ("receive",),
        "own": ("receive", "send"),
    }
    for name, topic in told.items():
        for action in actions[topic.direction]:
            channel = _channel_id(name)
            yield f"{action}-{channel}", {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
