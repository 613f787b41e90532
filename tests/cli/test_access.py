"""A broker that does not let us in says why, in the commands and in the worker: TLS and logins on real listeners."""

import asyncio
import base64
import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

import pytest
import yaml

from deploy.local.broker import Listener, LocalBroker
from stream.kafka.access import denial
from stream.settings import load
from tests.cli.conftest import Command
from tests.kafka.certificates import PASSWORD, Certificates
from tests.kafka.workers import WorkerProcess

USER, SECRET = "anna", "[s3cret"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
BEARER = {
    "sasl.enabled.mechanisms": "OAUTHBEARER",
    "oauthbearer.sasl.jaas.config": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
}
"""A listener that takes tokens without a signature, as a broker does whose validator nobody has set."""


class Guarded(NamedTuple):
    """A broker with a listener of each kind, and the certificates around it."""

    broker: LocalBroker
    files: Path

    def config(self, folder: Path, listener: str, **kafka: Any) -> Path:
        """A configuration for a listener, with `kafka` over it; a name of `files` stands for its path."""
        document = {"bootstrap_servers": self.broker.address(listener), "partitions": 1, "topic_prefix": "guarded"}
        for key, value in kafka.items():
            is_file = key.startswith("ssl_") and key.endswith("file")
            document[key] = str(self.files / value) if is_file else value
        path = folder / "c.yaml"
        path.write_text(yaml.safe_dump({"kafka": document, "http": {"port": 0}}))
        return path


def jaas(module: str, text: str = "") -> str:
    return f"org.apache.kafka.common.security.{module} required{text};"


def logins(*mechanisms: str) -> dict[str, str]:
    """The settings of a listener that takes logins by these mechanisms."""
    plain = jaas("plain.PlainLoginModule", f' user_{USER}="{SECRET}"')
    found = {"sasl.enabled.mechanisms": ",".join(mechanisms)}
    for mechanism in mechanisms:
        module = plain if mechanism == "PLAIN" else jaas("scram.ScramLoginModule")
        found[f"{mechanism.lower()}.sasl.jaas.config"] = module
    return found


def tls(certificate: Path, **more: str) -> dict[str, str]:
    """The settings of a listener with this certificate."""
    return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(certificate)} | dict(more)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("guarded")
    made = Certificates(folder / "certificates")
    server = made.signed("server")
    made.signed("client")
    made.signed("stranger", by="other-ca")
    made.encrypted("client")
    asks = {"ssl.client.auth": "required", "ssl.truststore.type": "PEM"}
    asks["ssl.truststore.location"] = str(made.folder / "ca.pem")
    listeners = (
        Listener("TLS", "SSL", tls(server)),
        Listener("ASKING", "SSL", tls(server) | asks),
        Listener("EXPIRED", "SSL", tls(made.signed("expired", days=0))),
        Listener("NAMED", "SSL", tls(made.signed("named", "DNS:kafka.example.org"))),
        Listener("SELF", "SSL", tls(made.self_signed("self"))),
        Listener("LOGIN", "SASL_PLAINTEXT", logins(*MECHANISMS)),
        Listener("ONLY512", "SASL_PLAINTEXT", logins("SCRAM-SHA-512")),
        Listener("BEARER", "SASL_PLAINTEXT", BEARER),
        Listener("LOGINTLS", "SASL_SSL", tls(server) | logins(*MECHANISMS)),
    )
    with LocalBroker(folder / "kafka", listeners=listeners, users={USER: SECRET}) as broker:
        yield Guarded(broker, made.folder)


TLS: dict[str, Any] = {"security_protocol": "SSL", "ssl_cafile": "ca.pem"}
LOGIN: dict[str, Any] = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_plain_username": USER,
    "sasl_plain_password": SECRET,
}
CLIENT: dict[str, Any] = {"ssl_certfile": "client.pem", "ssl_keyfile": "client.key"}
SCRAM512: dict[str, Any] = {"sasl_mechanism": "SCRAM-SHA-512"}


@pytest.mark.broker
@pytest.mark.parametrize(
    ("listener", "kafka"),
    [
        ("TLS", TLS),
        ("ASKING", TLS | CLIENT),
        ("ASKING", TLS | {"ssl_certfile": "client.both"}),
        ("ASKING", TLS | {"ssl_certfile": "client.pem", "ssl_keyfile": "client.locked", "ssl_password": PASSWORD}),
        ("NAMED", TLS | {"ssl_check_hostname": False}),
        ("SELF", TLS | {"ssl_cafile": "self.pem"}),
        *(("LOGIN", LOGIN | {"sasl_mechanism": mechanism}) for mechanism in MECHANISMS),
        *(("LOGINTLS", LOGIN | TLS | {"security_protocol": "SASL_SSL", "sasl_mechanism": each}) for each in MECHANISMS),
    ],
)
def test_whoever_has_what_the_listener_asks_for_is_let_in(
    guarded: Guarded,
    tmp_path: Path,
    command: Command,
    listener: str,
    kafka: dict[str, Any],
) -> None:
    ran = command("topics", "create", "--config", guarded.config(tmp_path, listener, **kafka))
    assert (ran.code, ran.error) == (0, "")


DENIALS = [
    ("TLS", {"security_protocol": "SSL"}, "its certificate is signed by a CA that is not among the system's"),
    ("TLS", TLS | {"ssl_cafile": "other-ca.pem"}, "signed by a CA that is not among kafka.ssl_cafile"),
    ("TLS", {}, "does it want TLS (kafka.security_protocol is PLAINTEXT)?"),
    ("EXPIRED", TLS, "its certificate has expired"),
    ("NAMED", TLS, "its certificate is for another name than localhost"),
    ("SELF", TLS, "its certificate is self-signed and not among kafka.ssl_cafile"),
    ("ASKING", TLS, "kafka.ssl_certfile"),
    ("ASKING", TLS | {"ssl_certfile": "stranger.both"}, "does not accept our certificate, kafka.ssl_certfile"),
    ("LOGIN", TLS, "does it not speak TLS (kafka.security_protocol is SSL)?"),
    ("LOGIN", {}, "does it want a login (kafka.security_protocol is PLAINTEXT, not SASL_PLAINTEXT)?"),
    *(
        (
            "LOGIN",
            LOGIN | {"sasl_plain_password": "wrong", "sasl_mechanism": mechanism},
            "refuses the login of user 'anna'",
        )
        for mechanism in MECHANISMS
    ),
    ("LOGIN", LOGIN | {"sasl_plain_username": "nobody"} | SCRAM512, "refuses the login of user 'nobody'"),
    ("ONLY512", LOGIN, "does not take kafka.sasl_mechanism PLAIN (it offers SCRAM-SHA-512)"),
    ("LOGINTLS", TLS, "does it want a login (kafka.security_protocol is SSL, not SASL_SSL)?"),
    ("LOGINTLS", LOGIN, "does it want TLS (kafka.security_protocol is SASL_PLAINTEXT)?"),
    ("TLS", TLS | LOGIN | {"security_protocol": "SASL_SSL"}, "asks for no login"),
]


@pytest.mark.broker
@pytest.mark.parametrize(("listener", "kafka", "said"), DENIALS)
def test_each_denial_has_a_line_of_its_own_at_once(
    guarded: Guarded,
    tmp_path: Path,
    command: Command,
    listener: str,
    kafka: dict[str, Any],
    said: str,
) -> None:
    config = guarded.config(tmp_path, listener, **kafka)
    ran = command("topics", "check", "--config", config)
    assert ran.code == 2
    assert ran.error.count("\n") == 1
    assert ran.error.startswith(f"kpi-stream: Kafka at {guarded.broker.address(listener)}: ")
    assert said in ran.error
    assert SECRET not in ran.error
    ran = command("doctor", "--config", config)
    assert ran.code == 1
    assert said in ran.out


@pytest.mark.broker
@pytest.mark.parametrize("arguments", [["simulate", "--events", "10"], ["board", "--http-port", "0"], ["backfill"]])
def test_every_command_says_it(
    guarded: Guarded,
    tmp_path: Path,
    command: Command,
    arguments: list[str],
) -> None:
    config = guarded.config(tmp_path, "LOGIN", **LOGIN | {"sasl_plain_password": "wrong"})
    ran = command(*arguments, "--config", config)
    assert ran.code == 2
    assert "refuses the login of user 'anna'" in ran.error


@pytest.mark.broker
async def test_a_worker_that_is_refused_exits_with_2_after_its_patience_and_is_not_ready_before(
    guarded: Guarded, tmp_path: Path
) -> None:
    wrong = LOGIN | {"sasl_plain_password": "wrong", "patience": "3s"}
    async with WorkerProcess(guarded.config(tmp_path, "LOGIN", **wrong)) as worker:
        await worker.logs("refuses the login of user 'anna'")
        assert worker.get("/health/ready") == 503
        assert worker.code is None
        assert await worker.ends() == 2
        assert "refuses the login" in worker.log.splitlines()[-1]
        assert "(for kafka.patience)" in worker.log.splitlines()[-1]
        assert SECRET not in worker.log
        assert "wrong'" not in worker.log


@pytest.mark.broker
async def test_a_worker_waits_longer_than_its_patience_for_a_broker_that_is_not_there(
    guarded: Guarded, tmp_path: Path
) -> None:
    config = guarded.config(tmp_path, "LOGIN", **LOGIN | {"bootstrap_servers": "127.0.0.1:1", "patience": "0s"})
    async with WorkerProcess(config) as worker:
        await worker.logs("nothing listens there", times=3)
        assert worker.code is None


@pytest.mark.broker
async def test_a_worker_runs_over_tls_and_a_login(guarded: Guarded, tmp_path: Path) -> None:
    over = LOGIN | TLS | SCRAM512 | {"security_protocol": "SASL_SSL", "group": "guarded"}
    async with WorkerProcess(guarded.config(tmp_path, "LOGINTLS", **over)) as worker:
        await worker.ready()


def test_a_server_that_nobody_knows_is_waited_for() -> None:
    met = asyncio.run(denial(load(None, {"KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": "no-such-host.invalid:9092"})))
    assert met is not None
    assert not met.final
    assert met.text.startswith("no-such-host.invalid:9092: no host of this name is known")


class TokenServer:
    """A real HTTP server that gives tokens by client credentials. `gives`: the answer's status and body; None: a token
    for who asks with the right secret."""

    def __init__(self) -> None:
        self.gives: tuple[int, bytes] | None = None
        self.asked: list[dict[str, str]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                user = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
                owner.asked.append(dict(parse_qsl(body)) | {"client": user})
                status, answer = owner.gives or owner.answer(user)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, user: str) -> tuple[int, bytes]:
        if user != f"floor:{quote(SECRET, safe='')}":
            return 401, b'{"error": "invalid_client"}'
        now = int(time.time())
        parts = [{"alg": "none"}, {"sub": "floor", "scope": "kafka", "iat": now, "exp": now + 600}]
        coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        return 200, json.dumps({"access_token": f"{coded[0]}.{coded[1]}.", "expires_in": 600}).encode()


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    server = TokenServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def bearer(tokens: TokenServer, **oauth: Any) -> dict[str, Any]:
    own = {"token_url": tokens.url, "client_id": "floor", "client_secret": SECRET, "scope": "kafka"}
    return {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER", "oauth": own | oauth}


@pytest.mark.broker
async def test_a_worker_comes_in_with_a_token_and_asks_for_one_only(
    guarded: Guarded, tmp_path: Path, tokens: TokenServer, command: Command
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    kafka = bearer(tokens, client_secret=None, client_secret_file=str(secret))
    config = guarded.config(tmp_path, "BEARER", **kafka)
    ran = await asyncio.to_thread(command, "topics", "create", "--config", config)
    assert (ran.code, ran.error) == (0, "")
    asked = len(tokens.asked)
    async with WorkerProcess(config) as worker:
        await worker.ready(90)
    assert len(tokens.asked) <= asked + 2  # the worker, and the topics made before it starts
    assert tokens.asked[-1] == {"grant_type": "client_credentials", "scope": "kafka", "client": "floor:%5Bs3cret"}


BAD_TOKENS = [
    ({"client_secret": "wrong"}, None, "kafka.oauth.client_id or its secret is wrong (invalid_client)"),
    ({}, (400, b'{"error": "invalid_scope"}'), "answers 400 (invalid_scope)"),
    ({}, (200, b"<html>"), "answers without an access_token: is it a token endpoint?"),
    ({}, (200, b'{"access_token": "no.token"}'), "refuses the token that kafka.oauth gave"),
    ({"token_url": "http://127.0.0.1:1/token"}, None, "cannot be reached: [Errno 111] Connection refused"),
]


@pytest.mark.broker
@pytest.mark.parametrize(("oauth", "gives", "said"), BAD_TOKENS)
def test_each_reason_for_no_token_has_a_line_of_its_own(
    guarded: Guarded, tmp_path: Path, tokens: TokenServer, oauth: dict[str, Any], gives: Any, said: str
) -> None:
    tokens.gives = gives
    settings = load(guarded.config(tmp_path, "BEARER", **bearer(tokens, **oauth)), {})
    met = asyncio.run(denial(settings))
    assert met is not None
    assert said in met.text
    assert SECRET not in met.text
    assert met.final is ("cannot be reached" not in said)
