"""The options of every Kafka client: servers, TLS and login. A file that cannot be used is named with its key."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stream.settings.failure import Origins, SettingsError
from stream.settings.kafka import Kafka
from stream.settings.oauth import Oauth, TokenError


class _Locked(Exception):  # noqa: N818  becomes a SettingsError in _load_certificate
    """OpenSSL asked for a password that is not configured; without this it would ask the person at the terminal."""


def client_options(kafka: Kafka, origins: Origins) -> dict[str, Any]:
    """Keyword arguments for every aiokafka client: servers and security, with an SSL context if one is needed.

    SettingsError names the key whose file is missing, unreadable or of another kind. Nobody is ever asked for a
    password.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": kafka.security_protocol,
    }
    if kafka.security_protocol.startswith("SASL") and kafka.sasl_mechanism == "OAUTHBEARER":
        options |= {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": _tokens(kafka, origins)}
    elif kafka.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_plain_username,
            "sasl_plain_password": _secret(kafka, "sasl_plain_password", origins),
        }
    if kafka.security_protocol.endswith("SSL"):
        options["ssl_context"] = _ssl_context(kafka, origins)
    return options


def unusable_files(kafka: Kafka, origins: Origins) -> Iterator[str]:
    """A line for each file that the security protocol needs and that cannot be used."""
    parts: list[Callable[[], object]] = []
    if kafka.security_protocol.startswith("SASL") and kafka.sasl_mechanism == "OAUTHBEARER":
        parts.append(lambda: _tokens(kafka, origins))
    elif kafka.security_protocol.startswith("SASL"):
        parts.append(lambda: _secret(kafka, "sasl_plain_password", origins))
    if kafka.security_protocol.endswith("SSL"):
        parts.append(lambda: _authority(kafka, origins))
        parts.append(lambda: _load_certificate(ssl.create_default_context(), kafka, origins))
    for part in parts:
        try:
            part()
        except SettingsError as error:
            yield str(error)


def _failure(origins: Origins, key: str, reason: str, *above: str) -> SettingsError:
    return SettingsError(origins.line(("kafka", *above, key), reason))


def _secret(section: Kafka | Oauth, key: str, origins: Origins, *above: str) -> str | None:
    """The value of `key`, or the first line of the file that `key_file` names. `above`: keys around `section`."""
    given: str | None = getattr(section, key)
    path: str | None = getattr(section, f"{key}_file")
    if path is None:
        return given
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise _failure(origins, f"{key}_file", _unreadable(path, error), *above) from error
    if not lines or not lines[0]:
        raise _failure(origins, f"{key}_file", f"{path}: its first line is empty", *above)
    return lines[0]


def _tokens(kafka: Kafka, origins: Origins) -> Any:
    """What gives the clients their tokens."""
    from stream.settings.tokens import token_provider  # it imports the Kafka client

    assert kafka.oauth is not None  # checked: OAUTHBEARER has a section `oauth`
    oauth = kafka.oauth
    try:
        if oauth.ssl_cafile is not None:
            ssl.create_default_context(cafile=oauth.ssl_cafile)
        return token_provider(oauth, _secret(oauth, "client_secret", origins, "oauth"))
    except TokenError as error:
        raise _failure(origins, "provider", str(error), "oauth") from error
    except (OSError, ValueError) as error:
        reason = f"{oauth.ssl_cafile}: {getattr(error, 'strerror', None) or 'holds no certificate in PEM form'}"
        raise _failure(origins, "ssl_cafile", reason, "oauth") from error


def _ssl_context(kafka: Kafka, origins: Origins) -> ssl.SSLContext:
    context = _authority(kafka, origins)
    context.check_hostname = kafka.ssl_check_hostname
    _load_certificate(context, kafka, origins)
    return context


def _authority(kafka: Kafka, origins: Origins) -> ssl.SSLContext:
    """An SSL context that trusts the configured authorities; without `ssl_cafile`, those of the system."""
    if kafka.ssl_cafile is not None:
        _check_readable(kafka, "ssl_cafile", origins)
    try:
        return ssl.create_default_context(cafile=kafka.ssl_cafile)
    except (OSError, ValueError) as error:
        raise _failure(origins, "ssl_cafile", f"{kafka.ssl_cafile}: holds no certificate in PEM form") from error


def _load_certificate(context: ssl.SSLContext, kafka: Kafka, origins: Origins) -> None:
    if kafka.ssl_certfile is None:
        return
    _check_readable(kafka, "ssl_certfile", origins)
    if kafka.ssl_keyfile is not None:
        _check_readable(kafka, "ssl_keyfile", origins)
    key = "ssl_certfile" if kafka.ssl_keyfile is None else "ssl_keyfile"
    path, password = getattr(kafka, key), _secret(kafka, "ssl_password", origins)

    def asked() -> str:
        if password is None:
            raise _Locked
        return password

    try:
        context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile, asked)
    except _Locked as error:
        reason = f"{path}: the key is encrypted: kafka.ssl_password_file or ssl_password is required"
        raise _failure(origins, key, reason) from error
    except (OSError, ValueError) as error:
        raise _failure(origins, *_unusable(kafka, key, error, password is not None)) from error


def _unusable(kafka: Kafka, key: str, error: Exception, has_password: bool) -> tuple[str, str]:
    """The configuration key at fault, and why the client's certificate or private key cannot be used."""
    path = getattr(kafka, key)
    reason = (error.reason if isinstance(error, ssl.SSLError) else None) or ""
    if reason == "KEY_VALUES_MISMATCH":
        return key, f"{path}: is not the key of the certificate in {kafka.ssl_certfile}"
    if has_password and (_holds(path, "ENCRYPTED PRIVATE KEY") or _holds(path, "Proc-Type: 4,ENCRYPTED", "")):
        given = "ssl_password" if kafka.ssl_password_file is None else "ssl_password_file"
        return given, f"does not open the key in {path}"
    if not _holds(kafka.ssl_certfile, "CERTIFICATE"):
        return "ssl_certfile", f"{kafka.ssl_certfile}: holds no certificate in PEM form"
    if not _holds(path, "PRIVATE KEY"):
        also = "; kafka.ssl_keyfile names a file of its own" if kafka.ssl_keyfile is None else ""
        return key, f"{path}: holds no private key in PEM form{also}"
    return key, f"{path}: cannot be used: {' '.join(str(error).split())}"


def _holds(path: str | None, what: str, dashes: str = "-----") -> bool:
    text = Path(path or "").read_text(encoding="latin-1")
    return f"{what}{dashes}" in text


def _check_readable(kafka: Kafka, key: str, origins: Origins) -> None:
    path = getattr(kafka, key)
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        raise _failure(origins, key, _unreadable(path, error)) from error


def _unreadable(path: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
    return f"{path}: {reason or error}"
