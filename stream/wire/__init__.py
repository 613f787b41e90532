"""Records as they lie on the wire: batches taken apart under a byte budget, whatever producers put into them."""

__all__ = ["batch", "consumer", "record", "sending"]
