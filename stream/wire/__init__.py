"""Record batches as Kafka sends them: unpacked under a byte budget, whatever producers put into them."""

__all__ = ["batch", "consumer", "record", "sending"]
