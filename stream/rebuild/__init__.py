"""Numbers computed anew from what the topics hold: backfill, and the hand-over by which they go live."""

__all__ = ["backfill", "handover"]
