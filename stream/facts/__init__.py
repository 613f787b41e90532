"""What happened: events as they come in, read and checked, as facts."""

__all__ = ["currency", "decode", "fact", "format", "identity", "instant", "murmur", "one_field", "printable", "zones"]
