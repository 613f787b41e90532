"""Feeds and Kafka: events and refusals out by transactions, and the records of a topic in."""

__all__ = ["sink", "topic_feed"]
