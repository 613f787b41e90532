"""The life of an owned partition: restored, read, folded, committed; one task each (live 1)."""

__all__ = ["context", "debtors", "entities", "intake", "merge", "positions", "task", "work"]
