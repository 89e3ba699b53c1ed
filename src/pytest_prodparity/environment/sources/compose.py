"""A Compose file: `environment`, `env_file`, `user`, `read_only` and limits of the services that run the application."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import UsageError
from ...core.suggest import closest
from ..manifest import Limits, Manifest, Variable
from . import dotenv
from .found import Found, variable
from .yaml import amount, documents

_SERVERS = re.compile(
    r"(?:^|/)(postgres|postgis|pgvector|timescale\w*|mysql|mariadb|redis|valkey|rabbitmq|nginx|traefik|memcached|mongo|kafka|"
    r"zookeeper|minio|localstack|mailhog|mailpit|elasticsearch|opensearch|adminer|pgadmin\d*|prometheus|grafana|jaeger|caddy)\b"
)


def read(path: Path, origin: str, service: str | None = None) -> Found:
    """Of `service`, or of every service that is not a well-known server's image. Raises UsageError for an unknown one."""
    services: dict[str, Any] = {}
    for document in documents(path):
        services |= {name: one for name, one in (document.get("services") or {}).items() if isinstance(one, Mapping)}
    if service is not None and service not in services:
        raise UsageError(
            f"{path} has no service {service!r}{closest(service, services)}.", fix=f"use one of {', '.join(services)}"
        )
    manifest = Manifest()
    notes: list[str] = []
    for name, one in services.items():
        if name != service if service is not None else _is_server(one):
            continue
        found = _service(path, f"{origin} {name}", one, services)
        manifest, notes = manifest.merged(found.manifest), [*notes, *found.notes]
    return Found(manifest=manifest, notes=tuple(notes))


def _is_server(service: Mapping[str, Any]) -> bool:
    return "build" not in service and _SERVERS.search(str(service.get("image", ""))) is not None


def _service(path: Path, origin: str, service: Mapping[str, Any], services: Mapping[str, Any]) -> Found:
    base = service.get("extends")
    base = base.get("service") if isinstance(base, Mapping) and "file" not in base else base
    manifest = Manifest()
    notes: list[str] = []
    if isinstance(base, str) and services.get(base, service) is not service:
        inherited = _service(
            path, origin, services[base], {name: one for name, one in services.items() if name != base}
        )
        manifest, notes = inherited.manifest, [*inherited.notes]
    variables: dict[str, Variable] = {}
    known: dict[str, str] = {}
    for file in _files(service.get("env_file")):
        place = path.parent / file
        if place.is_file():
            variables |= dotenv.read(place, f"{origin}, {file}").manifest.variables
        else:
            notes.append(f"{origin}: env_file {file} is not here; its names are not known")
    for name, value in _pairs(service.get("environment")):
        variables[name] = variable(name, _literal(value), origin)
        if name in ("TZ", "LANG", "LC_ALL") and _literal(value):
            known[name] = str(value)
    user = str(service.get("user", "")).partition(":")[0]
    return Found(
        manifest=manifest.merged(
            Manifest(
                variables=variables,
                timezone=known.get("TZ"),
                locale=known.get("LC_ALL") or known.get("LANG"),
                uid=int(user) if user.isdecimal() else None,
                read_only=("/",) if service.get("read_only") is True else (),
                limits=_limits(service),
            )
        ),
        notes=tuple(notes),
    )


def _limits(service: Mapping[str, Any]) -> Limits:
    files = (service.get("ulimits") or {}).get("nofile")
    if isinstance(files, Mapping):
        files = files.get("soft")
    deployed = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    return Limits(
        open_files=files if isinstance(files, int) and files >= 0 else None,
        memory=amount(_small(service.get("mem_limit") or deployed.get("memory"))),
    )


def _small(said: object) -> object:
    """Compose counts in powers of 1024 whatever the case."""
    return said.lower() if isinstance(said, str) else said


def _files(said: object) -> Iterator[str]:
    for one in said if isinstance(said, list) else [said]:
        file = one.get("path") if isinstance(one, Mapping) else one
        if isinstance(file, str):
            yield file


def _pairs(said: object) -> Iterator[tuple[str, object]]:
    if isinstance(said, Mapping):
        yield from ((str(name), value) for name, value in said.items())
    for entry in said if isinstance(said, list) else ():
        name, equals, value = str(entry).partition("=")
        yield name, value if equals else None


def _literal(value: object) -> str | None:
    """None where the value comes from elsewhere: `${DATABASE_URL}`."""
    if isinstance(value, bool):
        return str(value).lower()
    text = None if value is None else str(value)
    return None if text is None or "$" in text.replace("$$", "") else text
