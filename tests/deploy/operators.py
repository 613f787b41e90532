"""What the resources of Strimzi and KEDA may hold, as far as ours use them: no package carries their schemas. Written
after the definitions (CRDs) of kafka.strimzi.io/v1 and keda.sh/v1alpha1; a key that is not here is a mistake."""

from typing import Any

Schema = dict[str, Any]


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    properties = required | (optional or {})
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of, "minItems": 1}


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "integer", "minimum": 0}
POSITIVE: Schema = {"type": "integer", "minimum": 1}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
NAME: Schema = {
    "type": "string",
    "maxLength": 253,
    "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
}

OPERATION = _one_of(
    "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "AlterConfigs", "DescribeConfigs",
    "IdempotentWrite", "All",
)  # fmt: skip
ACL = _object(
    {
        "resource": _object(
            {"type": _one_of("topic", "group", "transactionalId"), "name": TEXT},
            {"patternType": _one_of("literal", "prefix")},
        ),
        "operations": _list(OPERATION),
    },
    {"host": TEXT, "type": _one_of("allow", "deny")},
)
AUTHENTICATION = _object({"type": _one_of("tls", "tls-external", "scram-sha-512")})
POLICY = _object({"type": _one_of("Pods", "Percent"), "value": POSITIVE, "periodSeconds": POSITIVE})
DIRECTION = _object({"stabilizationWindowSeconds": NUMBER, "policies": _list(POLICY)}, {"selectPolicy": TEXT})
BEHAVIOR = _object({}, {"scaleUp": DIRECTION, "scaleDown": DIRECTION})

SPECS: dict[tuple[str, str], Schema] = {
    ("kafka.strimzi.io/v1", "KafkaTopic"): _object(
        {}, {"topicName": TEXT, "partitions": POSITIVE, "replicas": POSITIVE, "config": TEXTS}
    ),
    ("kafka.strimzi.io/v1", "KafkaUser"): _object(
        {"authentication": AUTHENTICATION, "authorization": _object({"type": _one_of("simple"), "acls": _list(ACL)})}
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): _object(
        {
            "scaleTargetRef": _object({"name": NAME}, {"apiVersion": TEXT, "kind": TEXT}),
            "triggers": _list(
                _object(
                    {"type": _one_of("prometheus"), "metadata": TEXTS},
                    {"metricType": _one_of("Value", "AverageValue"), "name": TEXT},
                )
            ),
        },
        {
            "minReplicaCount": NUMBER,
            "maxReplicaCount": POSITIVE,
            "pollingInterval": POSITIVE,
            "cooldownPeriod": POSITIVE,
            "fallback": _object(
                {"failureThreshold": NUMBER, "replicas": NUMBER},
                {"behavior": _one_of("static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower")},
            ),
            "advanced": _object({}, {"horizontalPodAutoscalerConfig": _object({}, {"behavior": BEHAVIOR})}),
        },
    ),
}
"""(apiVersion, kind) -> the schema of its `spec`."""


def schema_of(resource: dict[str, Any]) -> Schema:
    """The schema of a whole resource. KeyError: of a kind, or a version of it, that is not known here."""
    metadata = _object({"name": NAME}, {"namespace": NAME, "labels": TEXTS, "annotations": TEXTS})
    spec = SPECS[resource["apiVersion"], resource["kind"]]
    return _object({"apiVersion": TEXT, "kind": TEXT, "metadata": metadata, "spec": spec})
