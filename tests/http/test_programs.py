"""`kpi-stream worker` and `board` as they start: others reach them with a token and by TLS, and no log has either."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.http.served import Door, token, tokens_file
from tests.kafka.certificates import Certificates


@contextmanager
def running(program: str, folder: Path, log: IO[bytes]) -> Iterator[int]:
    """The program with the configuration of a folder; the port that it says. It never reaches a broker."""
    command = [str(Path(sys.executable).with_name("kpi-stream")), program, "--http-port", "0"]
    environ = os.environ | {"KPI_STREAM_CONFIG": str(folder / "c.yaml")}
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().decode()
            assert said.startswith(f"{program} on https://0.0.0.0:"), said
            yield int(said.strip().rstrip("/").rpartition(":")[2])
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


@pytest.mark.parametrize("program", ["worker", "board"])
async def test_a_program_that_others_reach_answers_who_has_a_token_by_tls(program: str, tmp_path: Path) -> None:
    made = Certificates(tmp_path / "tls")
    made.signed("server")
    tokens = tokens_file(tmp_path)
    (tmp_path / "c.yaml").write_text(
        f"kafka: {{bootstrap_servers: '127.0.0.1:1'}}\n"
        f"http: {{host: 0.0.0.0, tokens: {tokens},"
        f" tls_cert: {made.folder}/server.pem, tls_key: {made.folder}/server.key}}\n"
    )
    trusts = ssl.create_default_context(cafile=str(made.folder / "ca.pem"))
    door = Door()  # only to ask through: nothing is served by it
    with (tmp_path / "log").open("wb") as log, running(program, tmp_path, log) as door.port:
        assert (await door.ask("/health/live", tls=trusts)).status == 200
        assert (await door.ask("/metrics", tls=trusts)).status == 401
        assert (await door.ask("/metrics", "wall", tls=trusts)).status == 403
        assert (await door.ask("/metrics", "metrics", tls=trusts)).status == 200
        assert (await door.ask("/metrics", "metrics", tls=trusts, Host="evil.example")).status == 421
        for who in ("dialler", "manager"):
            asked = await door.ask("/api/headroom?debtor=debtor-secret", who, tls=trusts)
            assert asked.status == (503 if program == "worker" else 404)
        tokens.write_text("".join(line for line in tokens.read_text().splitlines(True) if "metrics" not in line))
        for _ in range(200):
            if (await door.ask("/metrics", "metrics", tls=trusts)).status == 401:
                break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("the token is still known")
    said = (tmp_path / "log").read_text()
    assert "debtor-secret" not in said
    assert not any(token(who) in said for who in ("dialler", "manager", "metrics"))
    assert "the tokens were read anew" in said or program == "board"
