"""What `kubectl apply --kustomize` would send, made here, so that no test needs kubectl: as much of kustomize as our
files use, and a KustomizeError for anything else. Where kubectl is installed a test compares both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.expressions import DEPLOY

KUBERNETES = DEPLOY / "kubernetes"
OVERLAYS = ("demo", "production")
KNOWN = {"apiVersion", "kind", "resources", "namespace", "configMapGenerator", "images", "replicas", "patches"}
WITHOUT_NAMESPACE = {"Namespace"}

Resource = dict[str, Any]


class KustomizeError(Exception):
    """A kustomization says what is not made here, or what nothing answers to."""


def built(folder: Path) -> list[Resource]:
    """Every resource of the folder's kustomization. Generated names get no hash: see `generated`."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    if unknown := set(said) - KNOWN:
        raise KustomizeError(f"{folder}: {sorted(unknown)}")
    resources = [each for name in said["resources"] for each in _read(folder / name)]
    for generator in said.get("configMapGenerator", []):
        data = {name: (folder / name).read_text("utf-8") for name in generator["files"]}
        name = {"name": generator["name"]}
        resources.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": name, "data": data})
    for patch in said.get("patches", []):
        (resource,) = [each for each in resources if _is(each, patch["target"])]
        for step in yaml.safe_load(patch["patch"]):
            _apply(resource, step)
    for wanted in said.get("replicas", []):
        (scaled,) = [each for each in resources if "template" in each.get("spec", {}) and _name(each) == wanted["name"]]
        scaled["spec"]["replicas"] = wanted["count"]
    for image in said.get("images", []):
        for container in containers(resources):
            if container["image"].partition(":")[0] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
    for resource in resources:
        if "namespace" in said and resource["kind"] not in WITHOUT_NAMESPACE:
            resource["metadata"]["namespace"] = said["namespace"]
    return resources


def containers(resources: list[Resource]) -> list[dict[str, Any]]:
    """Every container of every pod."""
    return [each for pod in pods(resources) for each in pod["containers"]]


def pods(resources: list[Resource]) -> list[dict[str, Any]]:
    """The specification of every pod."""
    return [each["spec"]["template"]["spec"] for each in resources if "template" in each.get("spec", {})]


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """Name -> resource."""
    return {_name(each): each for each in resources if each["kind"] == kind}


def _read(path: Path) -> Iterator[Resource]:
    if path.is_dir():
        yield from built(path)
    else:
        yield from yaml.safe_load_all(path.read_text("utf-8"))


def _name(resource: Resource) -> str:
    return str(resource["metadata"]["name"])


def _is(resource: Resource, target: dict[str, str]) -> bool:
    return resource["kind"] == target["kind"] and _name(resource) == target["name"]


def _apply(resource: Resource, step: dict[str, Any]) -> None:
    """One step of RFC 6902: add, replace or remove."""
    *way, last = step["path"].lstrip("/").split("/")
    at: Any = resource
    for part in way:
        at = at[int(part) if isinstance(at, list) else part]
    if step["op"] == "add" and isinstance(at, list):
        at.insert(len(at) if last == "-" else int(last), step["value"])
        return
    key: Any = int(last) if isinstance(at, list) else last
    if step["op"] in ("replace", "remove"):
        at[key]  # what is not there cannot be replaced
    elif step["op"] != "add":
        raise KustomizeError(f"{step['op']} {step['path']}")
    if step["op"] == "remove":
        del at[key]
    else:
        at[key] = step["value"]
