"""The section `http`: what its keys must satisfy together, so that nobody opens a server to others by mistake."""

import ipaddress
from collections.abc import Iterator

from stream.settings.document import Http
from stream.settings.failure import KeyPath


def is_own_machine(host: str) -> bool:
    """Whether only this machine reaches a server that listens at `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def http_problems(http: Http) -> Iterator[tuple[KeyPath, str]]:
    """Everything that is wrong, as (path of the key, reason)."""
    if http.tokens is None and http.open is None and not is_own_machine(http.host):
        reason = (
            f"{http.host or 'every address'} is reached by other machines: http.tokens is required (a file that "
            "`kpi-stream token` makes lines for), or http.open with the reason why everybody may do everything"
        )
        yield ("http", "host"), reason
    if http.tokens is not None and http.open is not None:
        yield ("http", "open"), "only one of http.tokens and http.open may be given"
    for key, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if getattr(http, key) is None and getattr(http, other) is not None:
            yield ("http", key), f"is required with http.{other}"


def http_warnings(http: Http) -> Iterator[tuple[KeyPath, str]]:
    """What is allowed but hardly meant."""
    if http.open is not None and is_own_machine(http.host):
        yield ("http", "open"), f"has no effect: {http.host} is open to this machine anyway, and to no other"
    in_clear = http.tls_cert is None and not (http.advertised_url or "").startswith("https://")
    if http.tokens is not None and in_clear and not is_own_machine(http.host):
        yield ("http", "tls_cert"), "without it tokens cross the network in clear, unless a proxy speaks TLS for us"
