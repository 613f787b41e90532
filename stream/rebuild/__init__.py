"""KPIs computed anew from what the topics hold: backfill, and the hand-over by which the result goes live."""

__all__ = ["backfill", "handover"]
