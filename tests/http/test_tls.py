"""TLS with certificates that openssl made: who trusts their authority is answered, the cookie is Secure."""

import asyncio
import os
import shutil
import ssl
import warnings
from pathlib import Path

import pytest

from stream.http.access import Access, access_of
from stream.http.tls import Certificate
from stream.publish import healthcheck
from stream.settings import Settings, SettingsError, load
from tests.http.served import Answer, Door, guarded, token
from tests.kafka.certificates import Certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    certificates = Certificates(tmp_path_factory.mktemp("tls") / "made")
    certificates.signed("server")
    certificates.signed("second")
    certificates.signed("elsewhere", "DNS:board.example", by="other-ca")
    certificates.encrypted("server")
    return certificates


def trusting(made: Certificates, authority: str = "ca.pem") -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(made.folder / authority))


def certificate(made: Certificates, name: str = "server") -> Certificate:
    return Certificate(made.folder / f"{name}.pem", made.folder / f"{name}.key")


async def test_who_trusts_the_authority_is_answered_and_his_cookie_is_secure(
    made: Certificates, tmp_path: Path
) -> None:
    async with Door(guarded(tmp_path, certificate=certificate(made), behind_tls=True)) as door:
        answer = await door.ask("/api/floor", "wall", tls=trusting(made), Host="localhost")
        assert (answer.status, answer.json["you"]["role"]) == (200, "wall")
        name = f"localhost:{door.port}"
        form = {"Host": name, "Content_Type": "application/x-www-form-urlencoded"}
        body = f"token={token('wall')}".encode()

        async def logged_in(origin: str) -> Answer:
            return await door.ask("/login", method="POST", body=body, tls=trusting(made), Origin=origin, more=form)

        assert "; Secure" in (await logged_in(f"https://{name}")).headers["Set-Cookie"]
        assert (await logged_in(f"http://{name}")).status == 403
        with pytest.raises(ssl.SSLCertVerificationError):
            await door.ask("/health/live", tls=trusting(made, "other-ca.pem"))
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1):
            old = trusting(made)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # it is as old as that
                old.minimum_version = old.maximum_version = version
            old.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await door.ask("/health/live", tls=old)


async def test_who_speaks_no_tls_gets_no_answer(made: Certificates) -> None:
    async with Door(Access(certificate=certificate(made))) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            said = await asyncio.wait_for(reader.read(), 60)
        except ConnectionError:
            said = b""
        assert b"HTTP" not in said
        writer.close()


async def test_a_certificate_that_is_renewed_is_shown_without_a_restart(made: Certificates, tmp_path: Path) -> None:
    for name in ("pem", "key"):
        shutil.copy(made.folder / f"server.{name}", tmp_path / f"own.{name}")
    own = Certificate(tmp_path / "own.pem", tmp_path / "own.key")
    async with Door(Access(certificate=own)) as door:

        async def serial() -> object:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", door.port, ssl=trusting(made), server_hostname="localhost"
            )
            found = writer.get_extra_info("peercert")["serialNumber"]
            writer.close()
            return found

        first = await serial()
        (tmp_path / "own.key").write_text("torn")
        own.renew()  # the key is not the certificate's: the former stays
        assert await serial() == first
        for number, name in enumerate(("pem", "key")):
            shutil.copy(made.folder / f"second.{name}", tmp_path / f"own.{name}")
            os.utime(tmp_path / f"own.{name}", (number, number))
        own.renew()
        assert await serial() != first


def settings(**http: object) -> Settings:
    return load(environ={f"KPI_STREAM_HTTP__{key.upper()}": str(value) for key, value in http.items()})


@pytest.mark.parametrize(
    ("cert", "key", "line"),
    [
        ("none.pem", "server.key", "HTTP__TLS_CERT: http.tls_cert: {0}/none.pem: No such file or directory"),
        ("server.pem", "none.key", "HTTP__TLS_KEY: http.tls_key: {0}/none.key: No such file or directory"),
        ("server.key", "server.key", "HTTP__TLS_CERT: http.tls_cert: {0}/server.key: holds no certificate in PEM form"),
        ("server.pem", "server.pem", "HTTP__TLS_KEY: http.tls_key: {0}/server.pem: holds no private key in PEM form"),
        (
            "server.pem",
            "second.key",
            "HTTP__TLS_KEY: http.tls_key: {0}/second.key: is not the key of the certificate in {0}/server.pem",
        ),
        (
            "server.pem",
            "server.locked",
            "HTTP__TLS_KEY: http.tls_key: {0}/server.locked: the key is encrypted: give one that is not",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(made: Certificates, cert: str, key: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        access_of(settings(tls_cert=made.folder / cert, tls_key=made.folder / key))
    assert str(caught.value).startswith("KPI_STREAM_" + line.format(made.folder))
    assert "\n" not in str(caught.value)


async def test_the_health_check_asks_by_tls_and_by_a_name_that_the_server_has(
    made: Certificates, tmp_path: Path
) -> None:
    files = {f"tls_{key}": made.folder / f"elsewhere.{kind}" for key, kind in (("cert", "pem"), ("key", "key"))}
    async with Door(access_of(settings(**files, names="[board.example]"))) as door:
        asked = settings(**files, names="[board.example]", port=door.port)
        assert await asyncio.to_thread(healthcheck.why_not, asked) is None
