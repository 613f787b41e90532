"""Replay: the numbers of events in files, or captured from topics, by the core of the live path and without Kafka.

A replay is a set of tasks (running.py): parts of the input are split into groups of keys, each group is folded, and
what the groups contribute is added up, or evaluated in the order of time, in buckets of entities.
"""

__all__ = [
    "chunks",
    "conduct_found",
    "explaining",
    "fact_store",
    "handover_state",
    "job",
    "parcels",
    "reading",
    "reconcile",
    "replay",
    "results",
    "running",
    "scoring",
    "tables",
    "tasks",
    "waiting",
    "worker_pool",
    "workfolder",
    "writing",
]
