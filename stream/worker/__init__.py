"""The worker process: its Faust app, the partitions assigned to it, and what watches over them."""

__all__ = ["main"]
