"""The health check of a container: asks the worker or board on this machine whether it is alive.

python -m stream.publish.healthcheck       exit 0: it is; 1: it is not, or cannot be asked, with one line on stderr
"""

import http.client
import ssl
import sys

from stream.settings import Settings, SettingsError, load

SECONDS = 2.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def why_not(settings: Settings) -> str | None:
    """None if /health/live at `http.host`, `http.port` says so; else why not, in one line."""
    host, port = settings.http.host, settings.http.port
    if port == 0:
        return "http.port is 0, any free one: nobody knows which"
    connection = _connection(settings, _ANY.get(host, host), port)
    names = {"Host": settings.http.names[0]} if settings.http.names else {}
    try:
        connection.request("GET", "/health/live", headers=names)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer at {host}:{port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    return None if status == 200 else f"/health/live at {host}:{port} answers {status}"


def _connection(settings: Settings, host: str, port: int) -> http.client.HTTPConnection:
    if settings.http.tls_cert is None:
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    # Our own process on this machine, which is told nothing: its certificate is for other names than this address.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)


def main() -> int:
    """Asks at the address of the configuration that KPI_STREAM_CONFIG and the other variables name; the exit code."""
    try:
        reason = why_not(load())
    except SettingsError as error:
        reason = str(error)
    if reason is not None:
        sys.stderr.write(f"{reason}\n")
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main())
