"""The HTTP server's door: who asks and what he may, limits, headers, TLS, the login. It knows no page."""

__all__ = ["access", "pages", "roles", "server", "tokens"]
