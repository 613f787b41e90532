"""Publication for people and monitors: metrics, the floor as read from the output topics, the page, the web server."""

__all__ = ["history", "running", "web", "worker_front"]
