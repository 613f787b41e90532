"""Who is let in, as the section `http` of the configuration says: tokens, names of this server, origins, TLS."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from stream.http.tls import Certificate
from stream.http.tokens import TokenFile, TokensError
from stream.settings import Settings, SettingsError


@dataclass(frozen=True)
class Access:
    """What the server asks of whoever connects. The defaults are those of a server that is open to its own machine.

    `tokens` None: everybody may do everything. `names`: those of this server in a Host header; none: the address at
    which it was reached, `host` and `localhost`. `origins`: of other pages whose scripts may ask. `frame_ancestors`:
    who may show the page in a frame. `behind_tls`: browsers reach it by https alone.
    """

    tokens: TokenFile | None = None
    host: str = "127.0.0.1"
    names: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    frame_ancestors: tuple[str, ...] = ()
    certificate: Certificate | None = None
    behind_tls: bool = False

    def url(self, port: int, host: str | None = None) -> str:
        """Where it is reached, if it listens at this port; `host`: by another name than that it listens at."""
        host = self.host if host is None else host
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def is_named(self, name: str, reached_at: str | None) -> bool:
        """Whether a name of a Host header is this server's. `reached_at`: the address of the connection at our end: no
        name that an attacker's DNS gives is an address."""
        if self.names:
            return name in self.names
        return name in {"localhost", self.host.lower(), _plain(reached_at)} - {""}


def access_of(settings: Settings) -> Access:
    """What the configuration says. SettingsError names the key whose file cannot be used."""
    http = settings.http
    tokens = certificate = None
    if http.tokens is not None:
        try:
            tokens = TokenFile(Path(http.tokens))
        except TokensError as error:
            raise SettingsError(settings.origins.line(("http", "tokens"), str(error))) from error
    if http.tls_cert is not None and http.tls_key is not None:
        certificate = Certificate(Path(http.tls_cert), Path(http.tls_key))
        for key, reason in certificate.wrong():
            raise SettingsError(settings.origins.line(("http", key), reason))
    return Access(
        tokens=tokens,
        host=http.host,
        names=frozenset(name.lower().strip("[]") for name in http.names),
        origins=frozenset(origin.lower() for origin in http.origins),
        frame_ancestors=http.frame_ancestors,
        certificate=certificate,
        behind_tls=certificate is not None or (http.advertised_url or "").startswith("https://"),
    )


def unusable_files(settings: Settings) -> list[str]:
    """A line for the first file of tokens or certificates that cannot be used on this machine now; else none."""
    try:
        access_of(settings)
    except SettingsError as error:
        return [str(error)]
    return []


def _plain(address: str | None) -> str:
    """An address as a Host header has it: an IPv4 address that came in by IPv6 is one of IPv4."""
    try:
        found = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def server_context(access: Access) -> ssl.SSLContext | None:
    """For TLS; None without a certificate."""
    return None if access.certificate is None else access.certificate.context()
