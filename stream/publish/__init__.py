"""What people and monitors see: metrics, the latest published records, the wallboard page, and the web server."""

__all__ = ["choices", "feed_numbers", "headroom", "history", "monitoring", "names_topic", "reading", "running", "web"]
