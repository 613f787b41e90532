"""A broker that lets each user do only what an ACL allows, and tells every decision."""

import re
from collections.abc import Iterable
from pathlib import Path

from aiokafka.protocol.admin import CreateAclsRequest

from deploy.local.broker import Listener, LocalBroker
from stream.kafka.acls import Acl
from stream.kafka.topics import admin_client
from stream.settings import Settings

RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
OPERATIONS = {"Read": 3, "Write": 4, "Delete": 6, "Describe": 8, "DescribeConfigs": 10}
PATTERNS = {"literal": 3, "prefixed": 4}
DECISION = re.compile(
    r"Principal = User:(\S+) is (Allowed|Denied) operation = (\w+) from host = \S+ "
    r"on resource = (\w+):LITERAL:(\S+) for"
)
ALLOW = 3


class GuardedBroker(LocalBroker):
    """Its users come through `login`, with `NAME-secret` as the password; who comes through `bootstrap` may do
    anything."""

    def __init__(self, data: Path, users: Iterable[str]) -> None:
        known = "".join(f' user_{name}="{name}-secret"' for name in users)
        module = f"org.apache.kafka.common.security.plain.PlainLoginModule required{known};"
        settings = {"sasl.enabled.mechanisms": "PLAIN", "plain.sasl.jaas.config": module}
        super().__init__(data, listeners=[Listener("LOGIN", "SASL_PLAINTEXT", settings)], authorizer=True)

    def login(self, user: str) -> dict[str, str]:
        """The keys of the section `kafka` with which this user logs in."""
        return {
            "bootstrap_servers": self.address("LOGIN"),
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_plain_username": user,
            "sasl_plain_password": f"{user}-secret",
        }

    def decisions(self, user: str) -> set[tuple[str, str, str, str]]:
        """What was decided about a user: (allowed or denied, resource, name, operation), as the authorizer writes."""
        found = DECISION.findall((self.data / "authorizer.log").read_text())
        return {(verdict, kind, name, operation) for who, verdict, operation, kind, name in found if who == user}


async def allow(settings: Settings, user: str, rights: Iterable[Acl]) -> None:
    """Gives a user these rights. `settings`: of somebody who may do anything."""
    async with admin_client(settings) as admin:
        client = admin._client
        for each in rights:
            request = CreateAclsRequest(
                RESOURCES[each.resource], each.name, PATTERNS[each.pattern], f"User:{user}", "*",
                OPERATIONS[each.operation], ALLOW,
            )  # fmt: skip
            answer = await client.send(client.get_random_node(), request)
            assert answer.creation_responses[0][0] == 0, answer


def as_logged(acl: Acl, kind: str, name: str, operation: str) -> bool:
    """Whether an operation that the authorizer logged is one that this ACL allows by itself."""
    same = re.sub("[-_]", "", acl.resource).lower() == kind.lower()
    named = name == acl.name if acl.pattern == "literal" else name.startswith(acl.name)
    return same and named and operation == re.sub(r"(?<!^)(?=[A-Z])", "_", acl.operation).upper()
