"""Feeds and files: reading and following them, the places that a run keeps, and what it writes."""

__all__ = ["checking", "following", "output", "places", "reading", "rejects"]
