"""A single-node Apache Kafka (KRaft) for local use: one command for people, one class for tests.

    python deploy/local/broker.py start [--port N] [--data DIR]     prints the bootstrap address, leaves it running
    python deploy/local/broker.py status | stop [--data DIR]

Only the standard library. `make setup` puts Kafka's jars into .kafka/libs. It signals only a process that it started:
the pid in DIR/broker.pid counts only while that process's command line names DIR's own settings file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

HERE = Path(__file__).resolve().parent
KAFKA = HERE.parents[1] / ".kafka"
DEFAULT_PORT = 9092
AUTHORIZER = """authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
CLUSTER_ID = "kpi-stream-local-00000"  # 22 base64 characters: any fixed UUID will do
START_SECONDS = 90.0
STOP_SECONDS = 30.0


class BrokerError(Exception):
    """The broker cannot be started or stopped; the text is one line for the user."""


@dataclass(frozen=True)
class Listener:
    """A listener beside the plain one, advertised as `localhost`. `protocol`: SSL, SASL_PLAINTEXT or SASL_SSL.
    `settings`: Kafka's own, without the `listener.name.NAME.` before them."""

    name: str
    protocol: str
    settings: Mapping[str, str] = field(default_factory=dict)


class LocalBroker:
    """One Kafka node on 127.0.0.1 with its data in a folder. Every method blocks (in asyncio: `asyncio.to_thread`).

    `with LocalBroker(folder) as broker: broker.bootstrap`. Port 0 takes a free one, and restarts keep it.
    The data outlive `stop` and `kill`. `doors`: ports of proxies; for each the broker has a listener of its own, at the
    port of the same place in `behind`, and tells those who come through it to come through that proxy again.
    `listeners`: others that clients may come through. `users`: of SCRAM-SHA-256 and SCRAM-SHA-512, with passwords.
    `joins`: a running node of which this one becomes the second. `within`: a command that runs the node's (nsenter).
    `authorizer`: who logs in may do only what an ACL allows, the plain listener anything; authorizer.log tells each
    decision.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        *,
        libs: Path = KAFKA / "libs",
        heap: str = "512m",
        doors: Sequence[int] = (),
        listeners: Sequence[Listener] = (),
        users: Mapping[str, str] | None = None,
        joins: LocalBroker | None = None,
        within: Sequence[str] = (),
        authorizer: bool = False,
    ) -> None:
        self.data = data.resolve()
        self.port = port or free_port()
        self.behind = [free_port() for _ in doors]
        self._doors = list(doors)
        self._listeners = list(listeners)
        self.ports = {each.name: free_port() for each in listeners}
        self._users = dict(users or {})
        self._joins = joins
        self._within = list(within)
        self._authorizer = authorizer
        self._libs = libs
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def address(self, listener: str) -> str:
        """Bootstrap servers of one of the other listeners."""
        return f"localhost:{self.ports[listener]}"

    @property
    def pid(self) -> int | None:
        """The running node, started by this object or by an earlier command on the same folder; None when none runs."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        return _owned_pid(self.data)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Format the storage when new, start, and return once the broker answers requests.

        Raises BrokerError when Java or the jars are missing, the port is taken, the node dies, or 90 s pass.
        """
        if self.pid is not None:
            raise BrokerError(f"a broker already runs on {self.data} (pid {self.pid})")
        java = shutil.which("java")
        if java is None:
            raise BrokerError("no java on PATH: install a Java runtime, version 17 or newer")
        if not any(self._libs.glob("kafka_*.jar")):
            raise BrokerError(f"no Kafka in {self._libs}: run `make setup`")
        if in_use(self.port):
            raise BrokerError(f"port {self.port} is taken: choose another with --port")
        self._write_settings()
        if self._within or not (self.data / "log" / "meta.properties").exists():
            self._format(java)
        with (self.data / "broker.out").open("ab") as out:
            self._process = subprocess.Popen(
                [*self._java(java), "kafka.Kafka", str(self._settings)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # a Ctrl-C at the terminal is for us; the broker stops after its clients
            )
        (self.data / "broker.pid").write_text(f"{self._process.pid}\n")
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End it in order (SIGTERM; SIGKILL after 30 s). Nothing happens when it does not run."""
        self.resume()
        self._signal(signal.SIGTERM)
        if not self._gone(STOP_SECONDS):
            self.kill()

    def kill(self) -> None:
        """SIGKILL: what the broker had not written is lost, as when a machine dies."""
        self._signal(signal.SIGKILL)
        if not self._gone(STOP_SECONDS):
            raise BrokerError(f"the broker (pid {self.pid}) does not end")

    def restart(self) -> None:
        """Stop if it runs (also after `kill`), then start on the same port with the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.pause()
        try:
            yield
        finally:
            self.resume()

    @property
    def _settings(self) -> Path:
        return self.data / "server.properties"

    def _java(self, java: str) -> list[str]:
        # The quick compiler and the plain collector start a small node sooner and leave the second core alone.
        tuning = [f"-Xmx{self._heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
        logging = f"-Dlog4j2.configurationFile={self.data / 'log4j2.properties'}"
        return [*self._within, java, *tuning, logging, "-cp", f"{self._libs}/*"]

    def _write_settings(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        known = self._settings if self._joins is None else self._joins._settings
        if known.exists():
            # The quorum remembers its controller's address, so a restart keeps it.
            controller_port = int(_setting(known, "controller.quorum.voters").rpartition(":")[2])
        else:
            controller_port = free_port()
        doors = [f"DOOR{n}" for n in range(len(self._doors))]
        others, ports = list(self.ports), list(self.ports.values())
        names = {
            "port": self.port,
            "controller_port": controller_port,
            "roles": "broker,controller" if self._joins is None else "broker",
            "node": 1 if self._joins is None else 2,
            "controller_listener": f",CONTROLLER://127.0.0.1:{controller_port}" if self._joins is None else "",
            "data": self.data,
            "door_listeners": _prefix(doors, "{}://127.0.0.1:{}", self.behind)
            + _prefix(others, "{}://127.0.0.1:{}", ports),
            "door_addresses": _prefix(doors, "{}://127.0.0.1:{}", self._doors)
            + _prefix(others, "{}://localhost:{}", ports),
            "door_protocols": _prefix(doors, "{}:PLAINTEXT")
            + _prefix(others, "{}:{}", [each.protocol for each in self._listeners]),
            "listener_settings": "".join(_properties(each) for each in self._listeners)
            + (AUTHORIZER if self._authorizer else ""),
        }
        for file in (self._settings, self.data / "log4j2.properties"):
            file.write_text((HERE / file.name).read_text().format(**names))

    def _format(self, java: str) -> None:
        done = subprocess.run(
            [
                *self._java(java),
                *("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", CLUSTER_ID, "-c"),
                str(self._settings),
                *_scram(self._users),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if done.returncode:
            raise BrokerError(f"cannot format {self.data}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self.pid is None:
                raise BrokerError(f"the broker died at its start: see {self.data / 'broker.log'} and broker.out")
            if time.monotonic() > deadline:
                self.kill()
                raise BrokerError(
                    f"the broker does not answer after {START_SECONDS:.0f} s: see {self.data / 'broker.log'}"
                )
            time.sleep(0.1)

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            os.kill(pid, number)

    def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            if self.pid is None:
                (self.data / "broker.pid").unlink(missing_ok=True)
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)


def _prefix(names: Sequence[str], form: str, *columns: Sequence[object]) -> str:
    return "".join(f"{form.format(*row)}," for row in zip(names, *columns, strict=True))


def _properties(listener: Listener) -> str:
    prefix = f"listener.name.{listener.name.lower()}."
    return "".join(f"{prefix}{key}={value}\n" for key, value in listener.settings.items())


def _scram(users: Mapping[str, str]) -> Iterator[str]:
    for name, password in users.items():
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            yield from ("--add-scram", f"{mechanism}=[name={name},password={password}]")


def free_port() -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_use(port: int) -> bool:
    """Whether something listens on 127.0.0.1 at this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _answers(port: int) -> bool:
    """Whether an ApiVersions request (key 18, version 0, no client id) gets an answer without error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            head = connection.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(head) == 10 and struct.unpack(">iih", head)[1:] == (1, 0)


def _owned_pid(data: Path) -> int | None:
    """The pid in the folder's pid file, if that process is alive and is the broker of this very folder."""
    try:
        pid = int((data / "broker.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if str(data / "server.properties") in _command_line(pid) else None


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        if Path("/proc/self").exists():
            return []
    asked = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return asked.stdout.split()


def _setting(file: Path, name: str) -> str:
    for line in file.read_text().splitlines():
        key, _, value = line.partition("=")
        if key == name:
            return value
    raise BrokerError(f"{file}: no {name}")


def _port_of(data: Path) -> int:
    return int(_setting(data / "server.properties", "advertised.listeners").rpartition(":")[2])


def _run(command: str, data: Path, port: int | None) -> int:
    running = _owned_pid(data)
    if command == "start" and running is None:
        broker = LocalBroker(data, DEFAULT_PORT if port is None else port)
        broker.start()
        print(broker.bootstrap)
        return 0
    if running is None:
        print(f"no broker runs on {data}")
        return 0 if command == "stop" else 1
    broker = LocalBroker(data, _port_of(data))
    if command == "start" and port not in (None, 0, broker.port):
        raise BrokerError(f"a broker already runs on {data}, on port {broker.port}")
    if command == "stop":
        broker.stop()
        print("stopped")
    else:
        print(broker.bootstrap)
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A single-node Kafka on 127.0.0.1 for local use.")
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("--port", type=int, help=f"default {DEFAULT_PORT}; 0 takes a free one")
    parser.add_argument("--data", type=Path, default=KAFKA / "data", help="folder of data, logs and pid file")
    given = parser.parse_args(arguments)
    try:
        return _run(given.command, given.data.resolve(), given.port)
    except BrokerError as error:
        print(f"broker: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        LocalBroker(given.data).kill()
        return 130


if __name__ == "__main__":
    sys.exit(main())
