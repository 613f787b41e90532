"""The headers of every answer, and the addresses of browsers: Host, Origin and what they may be."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

_PORT = re.compile(r":[0-9]{1,5}$")


def security_headers(frame_ancestors: Sequence[str]) -> Mapping[str, str]:
    """What every answer carries. No script or style but from files of this server, no frame around it but those of
    `frame_ancestors`, nothing kept in a cache unless the page says so."""
    around = " ".join(frame_ancestors) or "'none'"
    policy = (
        "default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", f"frame-ancestors {around}",
    )  # fmt: skip
    headers = {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Server": "kpi-stream",
    }
    # Old browsers know this one alone; it cannot name who may.
    return headers if frame_ancestors else headers | {"X-Frame-Options": "DENY"}


def host_name(host: str) -> str:
    """The name in a Host header, without its port and in small letters: `[::1]:6066` -> `::1`."""
    return _PORT.sub("", host.strip()).strip("[]").rstrip(".").lower()


def is_own_origin(origin: str, host: str, *, tls: bool) -> bool:
    """Whether an Origin header names the server that the Host header names. Behind a proxy that speaks TLS for us the
    scheme differs."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if tls else ("http", "https")
    return parts.scheme in schemes and parts.netloc.lower() == host.strip().lower()
