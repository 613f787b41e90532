"""Why the page has no new data, in words for the people who look at it; the log has the client's own message."""

from typing import NamedTuple

from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    RequestTimedOutError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

_REFUSALS = (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    IllegalSaslStateError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)


class Trouble(NamedTuple):
    """A reason. `code`: by which the page finds its words, in its language; `text`: one line in English."""

    code: str
    text: str


STARTING = Trouble("starting", "not connected to Kafka yet")
SILENT = Trouble("silent", "Kafka does not answer")


def no_topic(topic: str) -> Trouble:
    """The output topics have not been created."""
    return Trouble("no_topic", f"there is no topic {topic}: `kpi-stream topics create`")


def trouble_of(error: KafkaError | OSError, servers: str) -> Trouble:
    """What an error of the Kafka client means to somebody who looks at the page."""
    if isinstance(error, _REFUSALS):
        return Trouble("refused", f"Kafka at {servers} refuses this user: kafka.* in the configuration")
    if isinstance(error, KafkaTimeoutError | RequestTimedOutError | TimeoutError):
        return SILENT
    if isinstance(error, KafkaConnectionError | OSError):
        return Trouble("unreachable", f"Kafka cannot be reached at {servers}")
    return Trouble("error", f"Kafka at {servers} answers with an error ({type(error).__name__})")
