"""A seeded, believable contact-centre world, and thin shells that write it to Kafka or to files."""

__all__ = ["files", "mess", "outlet", "produce", "scenario", "stamp"]
