"""The section `kafka` of a configuration: the broker, how it is reached, the topics' names and the pace of commits."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from stream.settings.oauth import Oauth
from stream.settings.section import Section
from stream.settings.units import DurationMs, Positive, PositiveDurationMs, TopicPart

_SERVER = re.compile(r"[^\s,:]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}")


def _servers(value: object) -> str:
    text = ",".join(str(part) for part in value) if isinstance(value, list) else str(value)
    if text.startswith("[") and text.endswith("]"):  # a list in a variable; `[::1]:9092` is none
        text = text[1:-1].replace("'", "").replace('"', "")
    servers = [part.strip() for part in text.split(",") if part.strip()]
    wrong = next((server for server in servers if not _SERVER.fullmatch(server)), None)
    if wrong is not None or not servers:
        raise ValueError(f"{wrong or text!r} is not host:port (several are separated by commas)")
    return ",".join(servers)


def _mechanism(value: object) -> object:
    if value == "GSSAPI":
        raise ValueError(f"{value} is not supported: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are")
    return value


_Server = Annotated[str, Field(pattern=f"^ *({_SERVER.pattern}) *$")]
_SeveralServers = Annotated[str, Field(pattern=f"^ *({_SERVER.pattern})( *, *({_SERVER.pattern}))* *,? *$")]
Servers = Annotated[str, BeforeValidator(_servers, json_schema_input_type=_SeveralServers | list[_Server])]


class Kafka(Section):
    """The broker, the topics' names and the pace of commits."""

    bootstrap_servers: Servers = "localhost:9092"
    """`host:port`, several as a list or separated by commas."""
    topic_prefix: TopicPart = "collections"
    """The first part of every topic's name."""
    group: TopicPart = "kpi-stream"
    """Consumer group; part of the names of the internal topics."""
    group_instance_id: TopicPart | None = None
    """Static membership: a name that this worker alone has, and has again after a restart
    ([runbook.md](runbook.md))."""
    partitions: Positive = 8
    """Of each inbound topic, and of that of agents' states."""
    replication: Positive = 1
    """Of every topic that `topics create` makes."""
    deltas_partitions: Positive | None = None
    """Of the internal topic between the debtor stage and the entity stage, the KPI and the alerts topic; left out:
    `partitions`, at most 8."""
    commit_every_ms: PositiveDurationMs = Field(200, alias="commit_every")
    """Time between two commits of a worker; shorter than `transaction_timeout`."""
    session_timeout_ms: PositiveDurationMs = Field(10_000, alias="session_timeout")
    """A worker that is silent for so long loses its partitions."""
    heartbeat_ms: PositiveDurationMs = Field(1_000, alias="heartbeat")
    """At most a third of `session_timeout`."""
    transaction_timeout_ms: PositiveDurationMs = Field(15_000, alias="transaction_timeout")
    """A killed worker's open transaction holds readers back for at most so long."""
    fetch_wait_ms: PositiveDurationMs = Field(50, alias="fetch_wait")
    """How long the broker may wait for more records before it answers a fetch."""
    stall_after_ms: PositiveDurationMs = Field(120_000, alias="stall_after")
    """A worker stops itself when something that should get on, such as a partition with lag, has not moved for so
    long."""
    patience_ms: DurationMs = Field(60_000, alias="patience")
    """A worker that the broker refuses for so long (a password, a certificate, a mechanism) exits with 2: waiting would
    not help. A broker that does not answer is waited for as long as it takes."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Whether the connection is encrypted (`SSL`), and whether we log in (`SASL`)."""
    sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], BeforeValidator(_mechanism)
    ] = "PLAIN"
    """How we log in. Kerberos (`GSSAPI`) is refused."""
    sasl_plain_username: str | None = None
    """Required with SASL, but for `OAUTHBEARER`."""
    sasl_plain_password: str | None = Field(None, repr=False)
    """The password, best in the environment; this or `sasl_plain_password_file` is required with a user name."""
    sasl_plain_password_file: str | None = None
    """A file whose first line is the password."""
    oauth: Oauth | None = None
    """Required with `OAUTHBEARER`."""
    ssl_cafile: str | None = None
    """Certificates to trust, PEM; without it the system's are."""
    ssl_certfile: str | None = None
    """Our own certificate, PEM, for brokers that ask for one."""
    ssl_keyfile: str | None = None
    """The key of `ssl_certfile`, PEM."""
    ssl_password: str | None = Field(None, repr=False)
    """Opens an encrypted key; nobody is ever asked at a terminal."""
    ssl_password_file: str | None = None
    """A file whose first line opens an encrypted key."""
    ssl_check_hostname: bool = True
    """Whether the broker's certificate must name the host that we asked for."""
