"""The server's certificate: checked before it is used, and taken anew when its files change."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

Stamp = tuple[int | None, int | None]


class _Locked(Exception):  # noqa: N818  becomes a reason in `wrong`
    """OpenSSL asked for a password; without this it would ask the person at the terminal."""


@dataclass
class Certificate:
    """A certificate with its chain, and its key, as PEM files."""

    certfile: Path
    keyfile: Path
    _contexts: list[ssl.SSLContext] = field(default_factory=list, repr=False)
    _stamp: Stamp = (None, None)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """(key of the configuration, reason) where the files cannot be used."""
        for key, path in (("tls_cert", self.certfile), ("tls_key", self.keyfile)):
            try:
                path.read_bytes()
            except OSError as error:
                yield key, f"{path}: {error.strerror or error}"
                return
        try:
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        except _Locked:
            yield "tls_key", f"{self.keyfile}: the key is encrypted: give one that is not, readable by this user alone"
        except (OSError, ValueError) as error:
            yield self._fault(error)

    def context(self) -> ssl.SSLContext:
        """A context for a server: TLS 1.2 and later."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(made)
        self._stamp = self._stamp_now()
        self._contexts.append(made)
        return made

    def renew(self) -> None:
        """Takes files that have changed: connections from now on are shown the new certificate. Files that cannot be
        used are logged, and the former ones stay."""
        stamp = self._stamp_now()
        if stamp == self._stamp or None in stamp:
            return
        self._stamp = stamp
        for key, reason in self.wrong():
            log.error("the certificate stays as it was", reason=f"http.{key}: {reason}")
            return
        for context in self._contexts:
            self._load(context)
        log.info("the certificate was read anew")

    def _load(self, context: ssl.SSLContext) -> None:
        def asked() -> str:
            raise _Locked

        context.load_cert_chain(self.certfile, self.keyfile, asked)

    def _stamp_now(self) -> Stamp:
        def changed(path: Path) -> int | None:
            try:
                return path.stat().st_mtime_ns
            except OSError:
                return None

        return changed(self.certfile), changed(self.keyfile)

    def _fault(self, error: Exception) -> tuple[str, str]:
        reason = (error.reason if isinstance(error, ssl.SSLError) else None) or ""
        if reason == "KEY_VALUES_MISMATCH":
            return "tls_key", f"{self.keyfile}: is not the key of the certificate in {self.certfile}"
        if b"CERTIFICATE-----" not in self.certfile.read_bytes():
            return "tls_cert", f"{self.certfile}: holds no certificate in PEM form"
        if b"PRIVATE KEY-----" not in self.keyfile.read_bytes():
            return "tls_key", f"{self.keyfile}: holds no private key in PEM form"
        return "tls_cert", f"{self.certfile}: cannot be used: {' '.join(str(error).split())}"
