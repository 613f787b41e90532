"""Which of the rights that a program needs the broker does not give it: asked before work begins, so that a missing ACL
is one line that names it, and not a partition that fails later or a group that is waited for in vain.

Metadata tells the caller's own operations with each topic (KIP-430), and a group is described to whoever may read it.
No request tells of transactional ids: there the first fence is refused, and `refusal_of` says by what.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from stream.kafka.acls import Acl, Program, least_acls
from stream.settings import Settings

OPERATION_BITS = {"Read": 3, "Write": 4, "Delete": 6, "Describe": 8, "DescribeConfigs": 10}
REFUSALS = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
"""What a client meets where an ACL is missing."""
UNKNOWN_BITS = -(2**31)
"""What a broker says that does not tell operations."""
UNKNOWN_TOPIC = 3


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8")))),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("cluster_operations", Int32),
    )


class _MetadataRequestV8(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean),
        ("include_topic_operations", Boolean),
    )


class _OperationsRequest(Request[_MetadataRequestV8]):  # type: ignore[misc]
    """The metadata of some topics, with what the caller may do with each. aiokafka's own stops at version 5."""

    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_MetadataRequestV8]) -> _MetadataRequestV8:
        return request_struct_class(self._topics, False, False, True)


async def missing_acls(admin: AIOKafkaAdminClient, program: Program, settings: Settings) -> list[Acl]:
    """What the program needs and may not, sorted; transactional ids are not looked at. Empty at a broker without an
    authorizer, or of a version that does not tell. KafkaError: there was no answer."""
    needed = [each for each in least_acls(program, settings) if each.pattern == "literal"]
    client = admin._client
    topics = sorted({each.name for each in needed if each.resource == "topic"})
    held = {("topic", name): bits for name, bits in (await _topic_bits(client, topics)).items()}
    for name in {each.name for each in needed if each.resource == "group"}:
        held["group", name] = await _group_bits(admin, name)
    return [each for each in needed if not _allows(held.get((each.resource, each.name)), each.operation)]


async def _topic_bits(client: Any, topics: list[str]) -> Mapping[str, int | None]:
    """Topic -> the operations that are allowed; None: a topic that is not there, or not told of."""
    answer = await client.send(client.get_random_node(), _OperationsRequest(topics))
    return {
        topic: None if code == UNKNOWN_TOPIC else _bits(code == TopicAuthorizationFailedError.errno, bits)
        for code, topic, _, _, bits in answer.topics
    }


async def _group_bits(admin: AIOKafkaAdminClient, group: str) -> int | None:
    """0 if the caller may not even see the group, else None: aiokafka reads no operations of groups."""
    try:
        (answer,) = await admin.describe_consumer_groups([group])
    except GroupAuthorizationFailedError:
        return 0
    except GroupCoordinatorNotAvailableError:
        return None  # a new broker makes its topic of offsets at this question
    return 0 if answer.groups[0][0] == GroupAuthorizationFailedError.errno else None


def _bits(refused: bool, bits: int) -> int | None:
    if refused:
        return 0
    return None if bits == UNKNOWN_BITS else bits


def _allows(bits: int | None, operation: str) -> bool:
    return bits is None or bool(bits >> OPERATION_BITS[operation] & 1)


def lacking(acls: list[Acl], program: Program, settings: Settings) -> str:
    """One line for a person: what is missing, and where to find all of it."""
    more = f" (and {len(acls) - 1} more)" if len(acls) > 1 else ""
    # A topic that may neither be read nor written is not even described.
    first = min(acls, key=lambda acl: acl.operation.startswith("Describe"))
    return f"user {_user(settings)} lacks the ACL {first}{more}: {_remedy(program)}"


def refusal_of(error: BaseException, program: Program, settings: Settings) -> str | None:
    """What an error means that a client meets where an ACL is missing, in one line; None: it is another error."""
    if not isinstance(error, REFUSALS):
        return None
    kind = type(error).__name__.partition("Authorization")[0]
    kind = {"TransactionalId": "transactional id"}.get(kind, kind.lower())
    what = ", ".join(str(each) for each in error.args)
    return f"user {_user(settings)} lacks an ACL on the {kind} {what}".rstrip() + f": {_remedy(program)}"


def _user(settings: Settings) -> str:
    kafka = settings.kafka
    user = kafka.oauth.client_id if kafka.oauth is not None else kafka.sasl_plain_username
    return repr(user) if user is not None else "of kafka.ssl_certfile" if kafka.ssl_certfile else "ANONYMOUS"


def _remedy(program: Program) -> str:
    return f"`kpi-stream topics acls --program {program}` prints what it needs"
