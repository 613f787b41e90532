"""Why a broker does not let us in: aiokafka says "unable to bootstrap" to a wrong password and to a dead host alike.

`denial` knocks once more, at each server and at each address that the brokers advertise, and says in one line what it
met. Nothing is read or written.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import IllegalSaslStateError, KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest

from stream.settings import Settings, TokenError

KNOCK_MS = 5_000
REFUSED_TOKEN = "refuses the token that kafka.oauth gave (its audience, scope or issuer), or has only just started"
CLOSE_SECONDS = 1.0
_MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED = 10, 9, 18


class Denial(NamedTuple):
    """Why nobody lets us in, in one line that names the server. `final`: waiting cannot help, somebody has to change a
    password, a certificate or the configuration."""

    text: str
    final: bool


class _Reason(NamedTuple):
    text: str
    final: bool


async def denial(settings: Settings) -> Denial | None:
    """Why no broker can be talked to; None: now one can. SettingsError names a file that cannot be used."""
    options = settings.kafka_client_options()
    servers = collect_hosts(options.pop("bootstrap_servers"), randomize=False)
    found: list[Denial] = []
    for host, port, _ in servers:
        place = f"{host}:{port}"
        brokers = await _knock(settings, options, host, port)
        if isinstance(brokers, _Reason):
            found.append(Denial(f"{place}: {brokers.text}", brokers.final))
            continue
        for node, at, at_port in brokers:
            met = None if (at, at_port) == (host, port) else await _knock(settings, options, at, at_port)
            if not isinstance(met, _Reason):
                return None
            told = f"{place} answers, but advertises broker {node} as {at}:{at_port}: {met.text}"
            found.append(Denial(told, met.final))
        if not brokers and settings.kafka.sasl_mechanism == "OAUTHBEARER":
            # What aiokafka makes of a token that is refused: the broker's reason counts as an answer without brokers.
            found.append(Denial(f"{place}: {REFUSED_TOKEN}", True))
        elif not brokers:
            return None
    # Who refuses knows more than who is silent; and what one says all of one cluster say.
    return next((each for each in found if each.final), found[0])


async def _knock(
    settings: Settings, options: Mapping[str, Any], host: str, port: int
) -> list[tuple[int, str, int]] | _Reason:
    """The brokers (id, host, port) that the one at this address knows of, or what it met."""
    connection = _Connection(host, port, request_timeout_ms=KNOCK_MS, **options)
    try:
        await connection.connect()
        metadata = await connection.send(MetadataRequest([]))
        return [(broker[0], broker[1], broker[2]) for broker in metadata.brokers]
    except (
        KafkaError,
        OSError,
        ssl.CertificateError,
        ValueError,
        AssertionError,
        asyncio.IncompleteReadError,
    ) as error:
        return _reason(error, connection, settings, host)
    finally:
        closed = connection.close()
        if connection.connected_once:  # else nothing will ever say that it is closed
            await asyncio.wait([closed], timeout=CLOSE_SECONDS)


class _Connection(AIOKafkaConnection):  # type: ignore[misc]
    """A connection that remembers how far it came."""

    offered: tuple[str, ...] = ()
    """The mechanisms that the broker offers."""
    spoke = False
    """Whether the broker has answered anything."""
    connected_once = False
    """Whether there was a connection, TLS and all."""

    def _create_reader_task(self) -> Any:
        self.connected_once = True
        return super()._create_reader_task()

    async def send(self, request: Any, expect_response: bool = True) -> Any:
        answer = await super().send(request, expect_response)
        self.spoke = True
        if isinstance(request, SaslHandShakeRequest):
            self.offered = tuple(answer.enabled_mechanisms)
        return answer


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception, connection: _Connection, settings: Settings, host: str) -> _Reason:
    kafka = settings.kafka
    for cause in _causes(error):
        if isinstance(cause, TokenError):
            return _Reason(f"wants a token, and {cause}", cause.final)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _Reason(_untrusted(cause, host, kafka.ssl_cafile), True)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, kafka.ssl_certfile, kafka.security_protocol)
        if isinstance(cause, socket.gaierror):
            return _Reason(f"no host of this name is known ({cause.strerror})", False)
        if isinstance(cause, UnsupportedSaslMechanismError):
            offered = f" (it offers {', '.join(sorted(connection.offered))})" if connection.offered else ""
            return _Reason(f"does not take kafka.sasl_mechanism {kafka.sasl_mechanism}{offered}", True)
        if isinstance(cause, IllegalSaslStateError):
            protocol = "SSL" if kafka.security_protocol == "SASL_SSL" else "PLAINTEXT"
            text = f"asks for no login: kafka.security_protocol is {kafka.security_protocol}, the listener's {protocol}"
            return _Reason(text, True)
        if isinstance(cause, SaslAuthenticationFailed) and kafka.sasl_mechanism == "OAUTHBEARER":
            return _Reason(REFUSED_TOKEN, True)
        if isinstance(cause, SaslAuthenticationFailed):
            wrong = "kafka.sasl_plain_username or sasl_plain_password is wrong"
            return _Reason(f"refuses the login of user {kafka.sasl_plain_username!r}: {wrong}", True)
    return _closed(error, connection, settings)


def _closed(error: Exception, connection: _Connection, settings: Settings) -> _Reason:
    """What a connection means that was closed, or never made, without a word."""
    protocol, certificate = settings.kafka.security_protocol, settings.kafka.ssl_certfile
    refused = next((each for each in _causes(error) if isinstance(each, ConnectionRefusedError)), None)
    if refused is not None:
        return _Reason("nothing listens there (connection refused)", False)
    if any(isinstance(each, TimeoutError) for each in _causes(error)):
        return _Reason(f"no answer within {KNOCK_MS // 1000} s", False)
    if connection.spoke and protocol in ("PLAINTEXT", "SSL"):
        login = f"does it want a login (kafka.security_protocol is {protocol}, not SASL_{protocol})?"
        return _Reason(f"closes the connection at our first request: {login}", True)
    if any(isinstance(each, asyncio.IncompleteReadError | ConnectionResetError) for each in _causes(error)):
        if protocol.endswith("SSL") and not connection.connected_once:
            text = f"breaks off the TLS handshake: does it not speak TLS (kafka.security_protocol is {protocol})?"
            return _Reason(text, True)
        if protocol.endswith("SSL"):
            trusted = "does it trust the one of kafka.ssl_certfile?"
            wants = "does it want a client certificate (kafka.ssl_certfile)?" if certificate is None else trusted
            return _Reason(f"closes the connection after the TLS handshake: {wants}", certificate is None)
        text = f"closes the connection without a word: does it want TLS (kafka.security_protocol is {protocol})?"
        return _Reason(text, True)
    return _Reason(" ".join(str(error).split()) or type(error).__name__, False)


def _untrusted(error: ssl.SSLCertVerificationError, host: str, cafile: str | None) -> str:
    code = error.verify_code
    if code in _MISMATCH:
        return f"its certificate is for another name than {host} (kafka.bootstrap_servers): {error.verify_message}"
    if code == _EXPIRED:
        return "its certificate has expired"
    if code == _NOT_YET_VALID:
        return "its certificate is not valid yet: is this machine's clock right?"
    trusted = "the system's certificates" if cafile is None else f"kafka.ssl_cafile {cafile}"
    if code == _SELF_SIGNED:
        return f"its certificate is self-signed and not among {trusted}: put it into kafka.ssl_cafile"
    return (
        f"its certificate is signed by a CA that is not among {trusted} ({error.verify_message}): "
        f"put the CA's certificate into kafka.ssl_cafile"
    )


def _tls(error: ssl.SSLError, certfile: str | None, protocol: str) -> _Reason:
    name = (error.reason or "").upper()
    if "CERTIFICATE_REQUIRED" in name or (certfile is None and ("HANDSHAKE_FAILURE" in name or "BAD_CERT" in name)):
        return _Reason("wants a client certificate: kafka.ssl_certfile, kafka.ssl_keyfile", True)
    if "ALERT" in name and any(part in name for part in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")):
        return _Reason(f"does not accept our certificate, kafka.ssl_certfile {certfile} ({_words(name)})", True)
    if "WRONG_VERSION_NUMBER" in name or "RECORD_LAYER" in name or "HTTP_REQUEST" in name:
        return _Reason(f"does not speak TLS: kafka.security_protocol is {protocol}", True)
    return _Reason(f"the TLS handshake failed ({_words(name) or error})", True)


def _words(name: str) -> str:
    return name.removeprefix("TLSV1_").removeprefix("TLSV13_").removeprefix("SSLV3_").lower().replace("_", " ")
