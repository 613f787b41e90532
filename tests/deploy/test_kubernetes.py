"""The manifests of deploy/kubernetes: what they send is what Kubernetes takes, and what the product has and needs."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import promql_parser
import pytest
import typer.main
import yaml

from stream.cli.main import app
from stream.publish.metrics import METRICS
from stream.settings import Settings, load
from tests.deploy.expressions import DEPLOY, rules, selectors
from tests.deploy.kustomized import KUBERNETES, OVERLAYS, Resource, built, containers, of_kind, pods

OLDEST, NEWEST = "1.29", "1.37"
"""The releases of Kubernetes whose schemas are asked."""
FOLDERS = ("feeds", *OVERLAYS)
FOREIGN = {"KafkaTopic", "KafkaUser", "ScaledObject"}
"""Kinds that an operator brings along, not Kubernetes."""
UNNAMED = re.compile(r"^(kpi-stream)-[a-z0-9]{10}$")
"""The name of a generated ConfigMap, with the hash that kubectl puts behind it."""


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def resources(overlay: str) -> list[Resource]:
    """What an overlay sends where feeds are added to it."""
    return built(KUBERNETES / overlay) + built(KUBERNETES / "feeds")


def settings_of(overlay: str) -> Settings:
    return load(KUBERNETES / overlay / "kpi-stream.yaml", {})


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_resource_is_one_that_kubernetes_takes(folder: str, release: str) -> None:
    """Strictly: a key that the schema does not know is a mistake."""
    found = [each for each in built(KUBERNETES / folder) if each["kind"] not in FOREIGN]
    assert len(found) >= 3
    for resource in found:
        kubernetes_validate.validate(resource, release, strict=True)


def test_a_misspelt_key_is_refused() -> None:
    worker = of_kind(built(KUBERNETES / "base"), "StatefulSet")["worker"]
    worker["spec"]["podManagmentPolicy"] = "Parallel"
    with pytest.raises(kubernetes_validate.ValidationError, match="podManagmentPolicy"):
        kubernetes_validate.validate(worker, NEWEST, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_kubectl_makes_the_same_of_the_files(folder: str) -> None:
    """Where kubectl is installed; what is made here without it is then what the other tests judge."""
    kubectl = shutil.which("kubectl")
    made = built(KUBERNETES / folder)
    assert made
    if kubectl is not None:
        command = [kubectl, "kustomize", str(KUBERNETES / folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert keyed(_unhashed(yaml.safe_load_all(done.stdout))) == keyed(made)


def keyed(resources: list[Resource]) -> dict[tuple[str, str], Resource]:
    return {(each["kind"], each["metadata"]["name"]): each for each in resources}


def _unhashed(documents: Iterator[Resource]) -> list[Resource]:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return UNNAMED.sub(r"\1", value) if isinstance(value, str) else value

    return [plain(each) for each in documents]


def test_pods_run_commands_that_exist_with_options_that_they_have(resources: list[Resource]) -> None:
    ours = [each for each in containers(resources) if "kpi-stream" in each["image"]]
    assert {each["name"] for each in ours} >= {"worker", "board", "forward", "feeds"}
    for container in ours:
        command: Any = typer.main.get_command(app)
        for word in container["args"]:
            if word.startswith("--"):
                assert word in {option for parameter in command.params for option in parameter.opts}
            elif hasattr(command, "commands"):
                command = command.commands[word]
        assert not hasattr(command, "commands"), "it names a whole command"


def test_no_pod_has_root_may_gain_rights_or_asks_kubernetes_for_anything(resources: list[Resource]) -> None:
    for pod in pods(resources):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    for container in containers(resources):
        context = container["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["allowPrivilegeEscalation"] is False
        assert context.get("readOnlyRootFilesystem", False) is (container["name"] != "kafka")
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


def test_the_user_of_the_pods_is_that_of_the_image(resources: list[Resource]) -> None:
    image = (DEPLOY / "Dockerfile").read_text("utf-8")
    (user,) = re.findall(r"^USER (\d+)$", image, re.MULTILINE)
    ours = [pod for pod in pods(resources) if "kpi-stream" in pod["containers"][0]["image"]]
    assert {pod["securityContext"]["runAsUser"] for pod in ours} == {int(user)}


def test_pages_are_asked_for_health_at_the_port_and_by_the_name_that_they_answer_to(
    overlay: str, resources: list[Resource]
) -> None:
    settings = settings_of(overlay)
    serving = [each for each in containers(resources) if each["name"] in ("worker", "board")]
    assert len(serving) == 2
    for container in serving:
        assert container["ports"] == [{"name": "http", "containerPort": settings.http.port}]
        paths = {key: container[f"{key}Probe"]["httpGet"] for key in ("startup", "liveness", "readiness")}
        assert {key: get["path"] for key, get in paths.items()} == {
            "startup": "/health/live", "liveness": "/health/live", "readiness": "/health/ready",
        }  # fmt: skip
        secure = settings.http.tls_cert is not None
        assert {get.get("scheme", "HTTP") for get in paths.values()} == {"HTTPS" if secure else "HTTP"}
        names = yaml.safe_load(environment(container).get("KPI_STREAM_HTTP__NAMES", "[]"))
        asked = {each["value"] for get in paths.values() for each in get.get("httpHeaders", [])}
        assert asked <= set(names)
        assert bool(names) == bool(asked)


def environment(container: dict[str, Any]) -> dict[str, str]:
    """The variables of a container, as Kubernetes fills them in for a pod that is called worker-0."""
    found: dict[str, str] = {}
    for each in container["env"]:
        value = "worker-0" if "valueFrom" in each else each["value"]
        found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], value)
    return found


def test_every_variable_is_one_that_the_configuration_knows_and_every_file_is_mounted(
    overlay: str, resources: list[Resource]
) -> None:
    config = KUBERNETES / overlay / "kpi-stream.yaml"
    for container in containers(resources):
        if container["name"] == "kafka":
            continue
        said = environment(container)
        mounts = [each["mountPath"] for each in container["volumeMounts"]]
        assert said.pop("KPI_STREAM_CONFIG") == f"{mounts[0]}/{config.name}"
        settings = load(config, said)
        assert settings.warnings() == []
        files = re.findall(r"/run/secrets\S+", config.read_text())
        assert [file for file in files if not any(file.startswith(f"{path}/") for path in mounts)] == []


def test_the_secrets_that_are_mounted_hold_the_files_that_the_configuration_names() -> None:
    """What a Secret of Strimzi, of cert-manager, and of ours holds."""
    keys = {"kpi-stream-http": {"tls.crt", "tls.key"}, "kpi-stream-tokens": {"tokens"}}
    named = {name.rpartition("/")[2] for name in re.findall(r"/run/secrets\S+", config_text("production"))}
    resources = built(KUBERNETES / "production") + built(KUBERNETES / "feeds")
    made = of_kind(resources, "KafkaUser")
    for pod in pods(resources):
        name = pod["containers"][0]["args"][0]
        volumes = {each["name"]: each for each in pod["volumes"]}
        held = set[str]()
        for source in volumes["secrets"]["projected"]["sources"]:
            secret = source["secret"]
            of_user = {"user.crt", "user.key"} if secret["name"] in made else set()
            held |= {each["path"] for each in secret.get("items", [])} or keys.get(secret["name"], of_user)
        assert f"kpi-stream-{name}" in made
        assert named - held == ({"tls.crt", "tls.key", "tokens"} if name == "forward" else set())


def config_text(overlay: str) -> str:
    return (KUBERNETES / overlay / "kpi-stream.yaml").read_text("utf-8")


def test_a_worker_keeps_its_name_over_a_restart_and_its_place_for_longer_than_a_restart_takes(
    overlay: str, resources: list[Resource]
) -> None:
    worker = of_kind(resources, "StatefulSet")["worker"]
    pod = worker["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    named = next(each for each in container["env"] if each["name"] == "KPI_STREAM_KAFKA__GROUP_INSTANCE_ID")
    assert named["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    kafka = settings_of(overlay).kafka
    assert kafka.session_timeout_ms > 1_000 * pod["terminationGracePeriodSeconds"]
    assert pod["terminationGracePeriodSeconds"] > 15
    assert worker["spec"]["updateStrategy"]["type"] == "RollingUpdate"


def test_prometheus_finds_the_workers_by_the_names_that_they_answer_to() -> None:
    """As docs/deployment.md says that it is configured."""
    page = (DEPLOY.parent / "docs" / "deployment.md").read_text("utf-8")
    (block,) = [each for each in re.findall(r"(?ms)^```yml\n(.*?)^```", page) if "dns_sd_configs" in each]
    (job,) = yaml.safe_load(block)["scrape_configs"]
    ((asked,),) = [each["names"] for each in job["dns_sd_configs"]]
    resources = built(KUBERNETES / "production")
    service = of_kind(resources, "Service")["worker"]
    (port,) = service["spec"]["ports"]
    of = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local"
    assert asked == f"_{port['name']}._tcp.{of}"
    (worker,) = of_kind(resources, "StatefulSet")["worker"]["spec"]["template"]["spec"]["containers"]
    assert f"worker-0.{of}" in yaml.safe_load(environment(worker)["KPI_STREAM_HTTP__NAMES"])
    assert job["scheme"] == worker["livenessProbe"]["httpGet"]["scheme"].lower()


def test_of_workers_and_boards_one_at_a_time_is_taken_away(resources: list[Resource]) -> None:
    budgets = of_kind(resources, "PodDisruptionBudget")
    assert set(budgets) == {"worker", "board"}
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        (kind,) = [each for each in resources if each["metadata"]["name"] == name and "template" in each["spec"]]
        assert kind["spec"]["template"]["metadata"]["labels"] == budget["spec"]["selector"]["matchLabels"]


def test_services_find_the_pods_that_they_are_named_after(resources: list[Resource]) -> None:
    services = of_kind(resources, "Service")
    assert services["worker"]["spec"]["clusterIP"] == "None"
    for name, service in services.items():
        (owner,) = [each for each in resources if each["metadata"]["name"] == name and "template" in each["spec"]]
        template = owner["spec"]["template"]
        assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        ports = {port["name"] for each in template["spec"]["containers"] for port in each["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_workers_are_scaled_by_the_lag_that_people_are_told_of_between_two_and_as_many_as_there_are_partitions() -> (
    None
):
    resources = built(KUBERNETES / "production")
    spec = of_kind(resources, "ScaledObject")["worker"]["spec"]
    target = spec["scaleTargetRef"]
    scaled = of_kind(resources, target["kind"])[target["name"]]
    assert "replicas" not in scaled["spec"], "two owners of one number"
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, settings_of("production").kafka.partitions)
    (trigger,) = spec["triggers"]
    query, threshold = trigger["metadata"]["query"], int(trigger["metadata"]["threshold"])
    promql_parser.parse(query)
    ((metric, _),) = selectors(query)
    assert metric in METRICS
    alert = next(rule for rule in rules() if rule.get("alert") == "CollectionsLagHigh")
    assert metric in {name for name, _ in selectors(alert["expr"])}
    assert threshold * spec["minReplicaCount"] < int(alert["expr"].rpartition(">")[2])
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["policies"][0]["periodSeconds"] * 1_000 > settings_of("production").kafka.session_timeout_ms


def test_the_image_of_production_is_this_version() -> None:
    version = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    (image,) = yaml.safe_load((KUBERNETES / "production" / "kustomization.yaml").read_text("utf-8"))["images"]
    assert image["newTag"] == version


def test_kafka_of_the_demo_is_that_of_compose() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["kafka"]
    (kafka,) = of_kind(built(KUBERNETES / "demo"), "StatefulSet")["kafka"]["spec"]["template"]["spec"]["containers"]
    own = {"KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093"}
    assert environment(kafka) == {key: str(value) for key, value in compose["environment"].items()} | own
    assert kafka["image"] == compose["image"]
