"""Feeds and Kafka: events and refusals out by transactions, and the records of a topic in."""

__all__ = ["errors", "sink", "supervisor", "topic_feed"]
