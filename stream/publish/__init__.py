"""Publication for people and monitors: metrics, the floor as read from the output topics, the page, the web server."""
