"""What happened: events as they come in, read and checked, as facts."""

__all__ = ["decode", "fact", "format", "identity", "instant", "murmur", "printable", "zones"]
