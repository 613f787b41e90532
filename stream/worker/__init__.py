"""The process: Faust's app, which partitions it has, and what watches over them."""

__all__ = ["main"]
