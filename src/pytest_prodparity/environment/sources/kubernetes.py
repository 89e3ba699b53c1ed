"""Kubernetes manifests: the containers' `env` and `envFrom`, their user, their limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..manifest import Limits, Manifest, Variable
from .found import Found, variable
from .yaml import amount, documents

KINDS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")


def read(paths: list[tuple[Path, str]], container: str | None = None) -> Found:
    """Of all files together: a ConfigMap may stand in another file than the Deployment that uses it."""
    everything = [(one, origin) for path, origin in paths for one in documents(path)]
    everything = [(inner, origin) for one, origin in everything for inner in _items(one)]
    maps = {
        (one["kind"], (one.get("metadata") or {}).get("name")): {
            **(one.get("data") or {}),
            **(one.get("stringData") or {}),
        }
        for one, _ in everything
        if one.get("kind") in ("ConfigMap", "Secret")
    }
    manifest = Manifest()
    notes: list[str] = []
    for one, origin in everything:
        if one.get("kind") not in KINDS:
            continue
        pod = _pod(one)
        for each in (each for each in pod.get("containers") or () if isinstance(each, Mapping)):
            if container is None or each.get("name") == container:
                found = _container(f"{origin} {each.get('name', '')}".strip(), each, pod, maps)
                manifest, notes = manifest.merged(found.manifest), [*notes, *found.notes]
    return Found(manifest=manifest, notes=tuple(dict.fromkeys(notes)))


def is_one(path: Path) -> bool:
    """Does the file hold objects of Kubernetes?"""
    try:
        start = path.read_text(encoding="utf-8")[:20_000]
    except (OSError, UnicodeDecodeError):
        return False
    return "apiVersion:" in start and "kind:" in start


def _items(one: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if one.get("kind") == "List":
        yield from (each for each in one.get("items") or () if isinstance(each, Mapping))
    else:
        yield one


def _pod(one: Mapping[str, Any]) -> Mapping[str, Any]:
    at: Any = one.get("spec") or {}
    if one["kind"] == "CronJob":
        at = (at.get("jobTemplate") or {}).get("spec") or {}
    if one["kind"] != "Pod":
        at = (at.get("template") or {}).get("spec") or {}
    return at if isinstance(at, Mapping) else {}


def _container(
    origin: str, container: Mapping[str, Any], pod: Mapping[str, Any], maps: Mapping[tuple[str, Any], Mapping[str, Any]]
) -> Found:
    variables: dict[str, Variable] = {}
    known: dict[str, str] = {}
    notes = []
    for source in container.get("envFrom") or ():
        prefix = source.get("prefix") or ""
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            wanted = (source.get(key) or {}).get("name")
            if wanted is None:
                continue
            if (kind, wanted) not in maps:
                notes.append(
                    f"{origin}: the names in {kind} {wanted} are not known; name its file too, or read a running pod"
                )
            for name, value in maps.get((kind, wanted), {}).items():
                made = variable(prefix + name, None if kind == "Secret" else str(value), origin)
                variables[prefix + name] = Variable(kind="secret", origin=made.origin) if kind == "Secret" else made
    for entry in container.get("env") or ():
        name, value = str(entry.get("name", "")), entry.get("value")
        reference = entry.get("valueFrom") or {}
        picked = reference.get("secretKeyRef") or reference.get("configMapKeyRef") or {}
        made = variable(name, None if value is None or "$(" in str(value) else str(value), origin)
        kind = "secret" if "secretKeyRef" in reference else made.kind
        variables[name] = Variable(kind=kind, required=picked.get("optional") is not True, origin=made.origin)
        if name in ("TZ", "LANG", "LC_ALL") and isinstance(value, str):
            known[name] = value
    security = {**(pod.get("securityContext") or {}), **(container.get("securityContext") or {})}
    limits = (container.get("resources") or {}).get("limits") or {}
    manifest = Manifest(
        variables=variables,
        timezone=known.get("TZ"),
        locale=known.get("LC_ALL") or known.get("LANG"),
        uid=security.get("runAsUser"),
        gid=security.get("runAsGroup"),
        read_only=("/",) if security.get("readOnlyRootFilesystem") is True else (),
        limits=Limits(memory=amount(limits.get("memory"))),
    )
    return Found(manifest=manifest, notes=tuple(notes))
