"""Writes the topics and users of Strimzi that follow from a configuration; with --check, only says if they do.

topics.yaml   a KafkaTopic for each topic, with the settings that `kpi-stream topics create` would give it
users.yaml    a KafkaUser for each program, with the ACLs that `kpi-stream topics acls` prints, and no other

Each user logs in with a certificate, which Strimzi puts into a Secret of the user's name.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # run as a file, this folder alone would be on the path

from stream.kafka.acls import PROGRAMS, Acl, Program, least_acls  # noqa: E402
from stream.kafka.topics import Topic, made_with, wanted_topics  # noqa: E402
from stream.settings import Settings, load  # noqa: E402

CONFIG = HERE / "production" / "kpi-stream.yaml"
API = "kafka.strimzi.io/v1"
HEADER = "# Generated from {config} by deploy/kubernetes/generate.py: change that, not this.\n"
RESOURCES = {"topic": "topic", "group": "group", "transactional-id": "transactionalId"}
PATTERNS = {"literal": "literal", "prefixed": "prefix"}
MOST_CHARACTERS = 253
"""Of a resource's name in Kubernetes."""


def topics(settings: Settings, cluster: str) -> Iterator[dict[str, Any]]:
    """A KafkaTopic for each topic of the configuration, in the order of `wanted_topics`."""
    replication = settings.kafka.replication
    for topic in wanted_topics(settings):
        name = resource_name(topic.name)
        named = {} if name == topic.name else {"topicName": topic.name}
        spec = named | {"partitions": topic.partitions, "replicas": replication, "config": _config(topic, replication)}
        yield _resource("KafkaTopic", name, cluster, spec)


def _config(topic: Topic, replication: int) -> dict[str, str]:
    return dict(sorted(made_with(topic, replication).items()))


def users(settings: Settings, cluster: str) -> Iterator[dict[str, Any]]:
    """A KafkaUser for each program, `kpi-stream-PROGRAM`."""
    for program in PROGRAMS:
        acls = list(_acls(program, settings))
        spec = {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}}
        yield _resource("KafkaUser", f"kpi-stream-{program}", cluster, spec)


def _acls(program: Program, settings: Settings) -> Iterator[dict[str, Any]]:
    """One rule for each resource, with all that is allowed there."""

    def place(acl: Acl) -> tuple[str, str, str]:
        return acl.resource, acl.name, acl.pattern

    for (resource, name, pattern), of in groupby(sorted(least_acls(program, settings), key=place), place):
        where = {"type": RESOURCES[resource], "name": name, "patternType": PATTERNS[pattern]}
        yield {"resource": where, "operations": [acl.operation for acl in of]}


def _resource(kind: str, name: str, cluster: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": cluster}},
        "spec": spec,
    }


def resource_name(topic: str) -> str:
    """The topic's name where Kubernetes takes it; else one like it that no other topic gets."""
    if len(topic) <= MOST_CHARACTERS and re.fullmatch(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", topic
    ):
        return topic
    digest = hashlib.sha256(topic.encode()).hexdigest()[:10]
    like = re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-")
    return f"{like[: MOST_CHARACTERS - 11]}-{digest}".lstrip("-")


def texts(settings: Settings, cluster: str, config: str) -> dict[str, str]:
    """File name -> what it holds."""
    made = {"topics.yaml": topics(settings, cluster), "users.yaml": users(settings, cluster)}
    head = HEADER.format(config=config)
    return {name: head + yaml.safe_dump_all(documents, sort_keys=False, width=120) for name, documents in made.items()}


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python deploy/kubernetes/generate.py --config my/kpi-stream.yaml --cluster events --out my",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE", help="what they follow from")
    parser.add_argument("--cluster", default="kafka", metavar="NAME", help="of the Kafka that Strimzi runs")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write them; by default beside FILE")
    asked = parser.parse_args(arguments)
    out: Path = asked.out or asked.config.parent
    wanted = texts(load(asked.config, {}), asked.cluster, asked.config.name)
    stale = [name for name, text in wanted.items() if _read(out / name) != text]
    if asked.check:
        if stale:
            print(f"out of date: {', '.join(stale)}: run python deploy/kubernetes/generate.py", file=sys.stderr)
        return 1 if stale else 0
    out.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (out / name).write_text(wanted[name], "utf-8")
    return 0


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
