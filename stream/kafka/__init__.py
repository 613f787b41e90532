"""Kafka as this product uses it: the bulk transport, transactions, topics and their names, how a worker ends."""

__all__ = [
    "access",
    "acls",
    "authorized",
    "batches",
    "bulk",
    "clocks",
    "deadletter",
    "exits",
    "group_member",
    "names",
    "topics",
    "versions",
    "writer",
]
