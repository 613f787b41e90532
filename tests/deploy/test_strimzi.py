"""Topics and users for Strimzi, and what KEDA is told: they say what the product says, and what the operators take."""

import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy.kubernetes.generate import CONFIG, PATTERNS, RESOURCES, main, resource_name, topics, users
from stream.kafka.acls import PROGRAMS, Acl, least_acls
from stream.kafka.topics import wanted_topics
from stream.settings import Settings, load
from tests.deploy.kustomized import KUBERNETES, built
from tests.deploy.operators import NAME, SPECS, schema_of
from tests.kafka.scored import SCHEMES

FEEDS = {"feeds": [{"name": "ctr", "mapping": "amazon_connect_contacts", "source": {"topic": "ctr"}}]}
CONDUCT = {"conduct": {"packs": ["any"]}}
ODD = {"kafka": {"topic_prefix": "Floor_7", "group": "kpi"}}


def configured(folder: Path, sections: dict[str, Any]) -> Settings:
    file = folder / "c.yaml"
    file.write_text(yaml.safe_dump(sections))
    return load(file, {})


def said(user: dict[str, Any]) -> set[Acl]:
    """What a KafkaUser is allowed, as `topics acls` would say it."""
    kinds, patterns = ({value: key for key, value in each.items()} for each in (RESOURCES, PATTERNS))
    return {
        Acl(kinds[each["resource"]["type"]], each["resource"]["name"], patterns[each["resource"]["patternType"]], name)
        for each in user["spec"]["authorization"]["acls"]
        for name in each["operations"]
    }


@pytest.mark.parametrize("sections", [{}, SCHEMES | FEEDS | CONDUCT, ODD])
def test_a_user_may_do_exactly_what_topics_acls_prints(tmp_path: Path, sections: dict[str, Any]) -> None:
    settings = configured(tmp_path, sections)
    made = {each["metadata"]["name"]: each for each in users(settings, "kafka")}
    assert set(made) == {f"kpi-stream-{program}" for program in PROGRAMS}
    for program in PROGRAMS:
        user = made[f"kpi-stream-{program}"]
        assert said(user) == set(least_acls(program, settings))
        places = [tuple(each["resource"].values()) for each in user["spec"]["authorization"]["acls"]]
        assert len(places) == len(set(places))


@pytest.mark.parametrize("sections", [{}, {"kafka": {"replication": 3, "partitions": 12}}, ODD])
def test_a_topic_is_made_as_topics_create_makes_it(tmp_path: Path, sections: dict[str, Any]) -> None:
    settings = configured(tmp_path, sections)
    made = {each["spec"].get("topicName", each["metadata"]["name"]): each["spec"] for each in topics(settings, "kafka")}
    wanted = wanted_topics(settings)
    assert list(made) == [topic.name for topic in wanted]
    for topic in wanted:
        spec = made[topic.name]
        assert (spec["partitions"], spec["replicas"]) == (topic.partitions, settings.kafka.replication)
        assert spec["config"].items() >= {**topic.initial, **topic.config}.items()
        assert ("min.insync.replicas" in spec["config"]) is (settings.kafka.replication > 2)


@given(st.text(st.sampled_from("abzABZ09._-"), min_size=1, max_size=260))
def test_every_topic_gets_a_name_that_kubernetes_takes_and_no_two_the_same(topic: str) -> None:
    name = resource_name(topic)
    jsonschema.validate(name, NAME)
    assert name == topic or resource_name(name) == name
    assert resource_name(f"{topic}_") != resource_name(f"{topic}__")


@pytest.mark.parametrize("sections", [{}, SCHEMES | FEEDS | CONDUCT, ODD])
def test_what_is_made_is_what_strimzi_takes(tmp_path: Path, sections: dict[str, Any]) -> None:
    settings = configured(tmp_path, sections)
    for resource in (*topics(settings, "kafka"), *users(settings, "kafka")):
        jsonschema.validate(resource, schema_of(resource))


def test_what_production_tells_the_operators_is_what_they_take() -> None:
    kinds = {kind for _, kind in SPECS}
    found = [each for each in built(KUBERNETES / "production") if each["kind"] in kinds]
    assert {each["kind"] for each in found} == kinds
    for resource in found:
        jsonschema.validate(resource, schema_of(resource))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found[0] | {"spec": {"partition": 1}}, schema_of(found[0]))


def test_topics_and_users_that_a_change_has_left_behind_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CONFIG.parent, tmp_path / "mine")
    config = tmp_path / "mine" / CONFIG.name
    assert main(["--check", "--config", str(config)]) == 0
    config.write_text(config.read_text().replace("partitions: 12", "partitions: 24"))
    assert main(["--check", "--config", str(config)]) == 1
    assert capsys.readouterr().err == "out of date: topics.yaml: run python deploy/kubernetes/generate.py\n"
    assert main(["--config", str(config)]) == 0
    assert main(["--check", "--config", str(config)]) == 0
