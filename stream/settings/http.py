"""The section `http`: its shape, and what its keys must satisfy together, so that nobody opens a server to others by
mistake."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from stream.settings.failure import KeyPath
from stream.settings.section import Section
from stream.settings.units import as_written, whole

_URL = re.compile(r"https?://([^\s/:?#@]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_SERVER_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,252})|[0-9a-f:.]{2,45}")


def _url(value: object) -> str:
    text = str(value).rstrip("/")
    if not _URL.fullmatch(text):
        raise ValueError(f"{value!r} is not an address such as http://worker-1:6066")
    return text


def _origin(value: object) -> str:
    return _url(str(value).lower())


def _server_name(value: object) -> str:
    text = str(value).strip().strip("[]").lower()
    if isinstance(value, bool) or not _SERVER_NAME.fullmatch(text):
        raise ValueError(f"{value!r} is not the name or address of a server, without a port, such as board.example")
    return text


def _ancestor(value: object) -> str:
    text = str(value).strip()
    if text in ("self", "'self'"):
        return "'self'"
    if text != "*" and not _URL.fullmatch(text.replace("*.", "any.", 1)):
        raise ValueError(f"{value!r} is not an origin such as https://portal.example, self or *")
    return text


def _reason(value: object) -> str:
    text = " ".join(str(value).split())
    if not isinstance(value, str) or len(text) < 3:
        raise ValueError(f"{value!r} is no reason: say why nobody is asked for a token")
    return text


_Url = Annotated[str, Field(pattern=f"^{_URL.pattern}/*$")]
Url = Annotated[str, BeforeValidator(_url, json_schema_input_type=_Url)]
Origin = Annotated[str, BeforeValidator(_origin, json_schema_input_type=_Url)]
ServerName = Annotated[
    str, BeforeValidator(_server_name), as_written("board.example", r"[A-Za-z0-9_.:\[\]-]{1,255}", "string", "number")
]
Reason = Annotated[str, BeforeValidator(_reason, json_schema_input_type=Annotated[str, Field(min_length=3)])]


class Http(Section):
    """Where /metrics, the health checks, the page and the answers to diallers are served, and who is let in.

    docs/security.md.
    """

    host: str = "127.0.0.1"
    """The address at which `/metrics`, health checks and the page are served."""
    port: Annotated[int, BeforeValidator(whole), Field(ge=0, le=65_535)] = 6066
    """0 is any free one."""
    advertised_url: Url | None = None
    """Where other machines reach this worker, such as `http://worker-1:6066`: what another worker names to a dialler
    that asks the wrong one."""
    tokens: str | None = None
    """A file of who may see what, lines that `kpi-stream token` makes; read again when it changes
    ([security.md](security.md)). It or `open` is required unless `host` is this machine's own (`127.0.0.1`, `::1`,
    `localhost`)."""
    open: Reason | None = None
    """Why everybody who reaches the server may see and do everything: a reason in words, instead of `tokens`."""
    tls_cert: str | None = None
    """Our certificate with its chain, PEM; the server then speaks TLS alone, and reads it again when it changes."""
    tls_key: str | None = None
    """The key of `tls_cert`, PEM."""
    names: tuple[ServerName, ...] = ()
    """The names of this server in a `Host` header, without ports; none: `host`, `localhost`, and the address at which
    a connection came in."""
    origins: tuple[Origin, ...] = ()
    """Origins such as `https://desk.example` whose scripts may ask, with a token of their own."""
    frame_ancestors: tuple[Annotated[str, BeforeValidator(_ancestor)], ...] = ()
    """Who may show the page in a frame: origins, `self`, `"*"`."""


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
