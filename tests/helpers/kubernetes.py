"""Checks Kubernetes manifests against the part of its API that they use, without a cluster: unknown
members, missing ones, types, names, quantities, selectors, volumes, and the rules for huge pages (request
and limit are equal, and cpu or memory is requested as well). Prints what is wrong and ends with 1 then.
"""
# SPDX-License-Identifier: LGPL-2.1-or-later
import re
import sys

import yaml

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
UNITS = {"": 1, "m": 0.001, "k": 10**3, "Ki": 2**10, "M": 10**6, "Mi": 2**20, "G": 10**9, "Gi": 2**30, "T": 10**12, "Ti": 2**40}


def quantity(value):
    found = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(value))
    return float(found[1]) * UNITS[found[2]]


# A type is a Python type, [type] for a list, {"member": type} for an object ("!" marks what must be there),
# {str: type} for a map, or a function that says whether a value is right.
def one_of(*values):
    return lambda value: value in values


def is_name(value):
    return isinstance(value, str) and len(value) <= 253 and NAME.fullmatch(value)


def is_quantity(value):
    return QUANTITY.fullmatch(str(value)) and not isinstance(value, (bool, float))


def is_path(value):
    return isinstance(value, str) and value.startswith("/")


RESOURCES = {"requests": {str: is_quantity}, "limits": {str: is_quantity}}
SECURITY = {"privileged": bool, "runAsUser": int, "capabilities": {"add": [str], "drop": [str]}}
CONTAINER = {
    "!name": is_name,
    "!image": str,
    "command": [str],
    "args": [str],
    "env": [{"!name": str, "value": str}],
    "resources": RESOURCES,
    "securityContext": SECURITY,
    "volumeMounts": [{"!name": is_name, "!mountPath": is_path, "readOnly": bool}],
}
VOLUME = {
    "!name": is_name,
    "hostPath": {"!path": is_path, "type": one_of("Directory", "DirectoryOrCreate", "File", "")},
    "emptyDir": {"medium": str, "sizeLimit": is_quantity},
}
POD = {
    "!containers": [CONTAINER],
    "initContainers": [CONTAINER],
    "volumes": [VOLUME],
    "nodeSelector": {str: str},
    "hostPID": bool,
    "restartPolicy": one_of("Always", "OnFailure", "Never"),
    "tolerations": [{"key": str, "operator": str, "effect": str}],
}
METADATA = {"!name": is_name, "namespace": is_name, "labels": {str: str}, "annotations": {str: str}}
KINDS = {
    ("v1", "Pod"): {"!apiVersion": str, "!kind": str, "!metadata": METADATA, "!spec": POD},
    ("apps/v1", "DaemonSet"): {
        "!apiVersion": str,
        "!kind": str,
        "!metadata": METADATA,
        "!spec": {
            "!selector": {"matchLabels": {str: str}},
            "!template": {"!metadata": {"labels": {str: str}}, "!spec": POD},
        },
    },
}
problems = []


def check(value, wanted, where):
    if isinstance(wanted, list):
        if not isinstance(value, list) or not value:
            problems.append(f"{where}: not a list")
            return
        for number, item in enumerate(value):
            check(item, wanted[0], f"{where}[{number}]")
    elif isinstance(wanted, dict) and str in wanted:
        if not isinstance(value, dict):
            problems.append(f"{where}: not a map")
            return
        for key, item in value.items():
            check(item, wanted[str], f"{where}.{key}")
    elif isinstance(wanted, dict):
        if not isinstance(value, dict):
            problems.append(f"{where}: not an object")
            return
        members = {name.lstrip("!"): (name.startswith("!"), kind) for name, kind in wanted.items()}
        problems.extend(f"{where}.{name}: missing" for name, (needed, _) in members.items() if needed and name not in value)
        for name, item in value.items():
            if name in members:
                check(item, members[name][1], f"{where}.{name}")
            else:
                problems.append(f"{where}.{name}: unknown")
    elif isinstance(wanted, type):
        if type(value) is not wanted:
            problems.append(f"{where}: {value!r} is no {wanted.__name__}")
    elif not wanted(value):
        problems.append(f"{where}: {value!r} is not allowed")


def check_container(container, volumes, where):
    resources = container.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    huge = {name for name in {**requests, **limits} if name.startswith("hugepages-")}
    for name in huge:
        # a request that is left out is the limit
        if name not in limits or quantity(requests.get(name, limits[name])) != quantity(limits[name]):
            problems.append(f"{where}: request and limit of {name} differ")
        elif quantity(limits[name]) % quantity(name.removeprefix("hugepages-")):
            problems.append(f"{where}: {name} is no multiple of its page")
    if huge and not {"cpu", "memory"} & set({**requests, **limits}):
        problems.append(f"{where}: huge pages without cpu or memory")
    for name in requests:
        if name in limits and quantity(requests[name]) > quantity(limits[name]):
            problems.append(f"{where}: the request of {name} is above the limit")
    for mount in container.get("volumeMounts", []):
        if mount.get("name") not in volumes:
            problems.append(f"{where}: no volume {mount.get('name')}")


def check_document(document, where):
    kind = (document.get("apiVersion"), document.get("kind"))
    if kind not in KINDS:
        problems.append(f"{where}: {kind} is not known here")
        return
    check(document, KINDS[kind], where)
    if problems:
        return
    spec = document["spec"]
    pod = spec
    if "template" in spec:
        pod = spec["template"]["spec"]
        labels = spec["template"]["metadata"].get("labels", {})
        if not spec["selector"].get("matchLabels", {}).items() <= labels.items():
            problems.append(f"{where}: the selector does not match the template's labels")
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    names = [c["name"] for c in pod["containers"] + pod.get("initContainers", [])]
    if len(set(names)) != len(names):
        problems.append(f"{where}: two containers have one name")
    for container in pod["containers"] + pod.get("initContainers", []):
        check_container(container, volumes, f"{where}: container {container['name']}")


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        documents = [document for document in yaml.safe_load_all(file) if document]
    if not documents:
        problems.append(f"{path}: empty")
    for document in documents:
        check_document(document, path)
print("\n".join(problems))
sys.exit(bool(problems))
