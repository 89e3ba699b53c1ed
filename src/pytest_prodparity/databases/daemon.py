"""The Docker daemon, asked by a few plain HTTP requests: importing its client takes longer than a whole embedded start."""

from __future__ import annotations

import http.client
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

HURRY = 0.3
"""Seconds that the daemon has for an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Daemon:
    """What answers at `host`, or why nothing does."""

    host: str
    """As DOCKER_HOST: `unix:///var/run/docker.sock`."""
    version: str | None = None
    problem: str | None = None
    fix: str | None = None

    def has(self, image: str) -> bool:
        """Is the image on this machine?"""
        return self.number(image) is not None

    def number(self, image: str) -> str | None:
        """The image's content, as the daemon numbers it; None where it is not on this machine."""
        status, said = _get(self.host, f"/images/{quote(image, safe='/:@.')}/json", timeout=5)
        return str(said.get("Id", "")) if status == 200 else None


def daemon() -> Daemon:
    """The daemon of DOCKER_HOST, of the current context, or of the usual sockets; never raises."""
    named = os.environ.get("DOCKER_HOST")
    if named and not _local(named):
        return Daemon(
            host=named,
            problem=f"DOCKER_HOST={named!r} is another machine, and only this one may be used",
            fix="unset DOCKER_HOST, or pass --parity-database=URL",
        )
    hosts = [named] if named else _usual()
    first: Daemon | None = None
    for host in hosts:
        found = _ask(host)
        if found.version:
            return found
        first = first or (found if host == hosts[0] or "permission" in (found.problem or "") else None)
    assert first is not None
    return first


def _local(host: str) -> bool:
    return host.startswith(("unix://", "tcp://127.", "tcp://localhost", "http://127.", "http://localhost"))


def _usual() -> list[str]:
    places = [
        _context(),
        "unix:///var/run/docker.sock",
        f"unix://{os.environ['XDG_RUNTIME_DIR']}/docker.sock" if os.environ.get("XDG_RUNTIME_DIR") else None,
        f"unix://{Path('~/.docker/run/docker.sock').expanduser()}" if os.environ.get("HOME") else None,
    ]
    there = [place for place in places if place and Path(place.removeprefix("unix://")).exists()]
    return list(dict.fromkeys(there)) or ["unix:///var/run/docker.sock"]


def _context() -> str | None:
    """The local endpoint of the context that `docker context use` has chosen."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))  # noqa: PTH111
    try:
        name = os.environ.get("DOCKER_CONTEXT") or json.loads((folder / "config.json").read_text()).get(
            "currentContext"
        )
        for file in (folder / "contexts" / "meta").glob("*/meta.json"):
            meta = json.loads(file.read_text())
            host = str(meta["Endpoints"]["docker"]["Host"])
            if meta["Name"] == name and host.startswith("unix://"):
                return host
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _ask(host: str) -> Daemon:
    try:
        status, said = _get(host, "/version", timeout=HURRY)
        if status == 200:
            return Daemon(host=host, version=str(said.get("Version", "unknown")))
        problem = f"the daemon at {host} answered with status {status}"
    except PermissionError:
        return Daemon(
            host=host,
            problem=f"permission denied at {host}",
            fix='sudo usermod -aG docker "$USER", then log in again',
        )
    except FileNotFoundError:
        problem = f"there is no {host.removeprefix('unix://')}"
    except (OSError, ValueError, http.client.HTTPException) as cause:
        problem = f"{host} does not answer ({cause or type(cause).__name__})"
    return Daemon(
        host=host, problem=problem, fix="start Docker (sudo systemctl start docker, or Docker Desktop), or install it"
    )


class _Local(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _get(host: str, path: str, *, timeout: float) -> tuple[int, dict[str, Any]]:
    connection: http.client.HTTPConnection
    if host.startswith("unix://"):
        connection = _Local(host.removeprefix("unix://"), timeout)
    else:
        connection = http.client.HTTPConnection(host.partition("://")[2], timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        said = json.loads(text) if text else {}
        return answer.status, said if isinstance(said, dict) else {}
    finally:
        connection.close()
