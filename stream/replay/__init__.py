"""The same core over files, without Kafka: reading -> ordering -> running -> writing, each a stage of its own."""

__all__ = [
    "book",
    "chunks",
    "crew",
    "explaining",
    "handover_state",
    "job",
    "parcels",
    "reading",
    "reconcile",
    "replay",
    "results",
    "running",
    "tasks",
    "workfolder",
    "writing",
]
