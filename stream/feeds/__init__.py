"""Feeds: records of other systems become events by a mapping. Pure: values in, events and refusals out."""

__all__ = ["adjustment", "feed_counts", "feed_run", "framing", "given", "inputs", "loading", "shipped", "wrong"]
