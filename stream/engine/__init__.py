"""The only composition of the pure parts: facts to deltas (debtors), deltas to published numbers (entities)."""

__all__ = ["fingerprint"]
