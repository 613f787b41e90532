"""The life of an owned partition: restored, read, folded, committed; one task each (live 1)."""

__all__ = [
    "context", "deadletter_limit", "debtors", "entities", "intake", "merge", "positions", "restore", "task", "work",
]  # fmt: skip
