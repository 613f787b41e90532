"""A debtor's facts at rest: records, dossiers, and what finds a fact in them."""

__all__ = ["dossier", "dossier_cache", "held_facts", "large_dossier", "places", "record"]
