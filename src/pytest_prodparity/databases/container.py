"""What is asked of the Docker daemon: a client, an image, a container of it on loopback, and the volume with its data."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from ..core.errors import ProdparityError
from ..core.extras import extra
from . import options
from .cache import secret
from .daemon import Daemon
from .refusals import NoImage

if TYPE_CHECKING:
    from docker.client import DockerClient
    from docker.models.containers import Container

LABEL = "prodparity.cache"
"""On each container and volume of ours: whose cache it belongs to, and the folder there with its locks."""
PATIENCE = 60.0
"""Seconds for the server in the container to become ready."""
SILENCE = 20
"""Seconds without a word from the registry after which a pull is given up."""
STOP = 20
"""Seconds for the server in the container to write what it has to."""


class NotReady(ProdparityError):
    """The server in the container ended, or took too long. `damaged`: its data are the likely cause."""

    def __init__(self, said: str, *, damaged: bool) -> None:
        super().__init__(
            "The PostgreSQL in the container did not become ready.",
            tried=f"The end of its log:\n{said}",
            fix="docker logs, prodparity doctor, or --parity-database=embedded",
        )
        self.damaged = damaged


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image of this machine."""

    name: str
    """As it is asked for."""
    number: str
    """Its content's."""
    major: int
    """Of its PostgreSQL."""
    data: str | None
    """Where its PostgreSQL keeps data; None where it does not say."""


@contextmanager
def client_of(found: Daemon) -> Iterator[DockerClient]:
    """The daemon's client."""
    with extra("testcontainers", needed_for="--parity-database=docker"):
        import docker
    client = docker.DockerClient(base_url=found.host, timeout=SILENCE)
    try:
        yield client
    finally:
        client.close()


def fetched(client: DockerClient, found: Daemon, name: str, say: Callable[[str], None]) -> Image:
    """The image, pulled where it is not there, with progress; a registry that says nothing is given up soon."""
    import docker.errors
    import requests

    if not found.has(name):
        say(f"pulling {name} …")
        bare, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
        done: set[str] = set()
        try:
            for line in client.api.pull(bare, tag=tag, stream=True, decode=True):
                if "error" in line:
                    raise _no_image(name, str(line["error"]))
                if line.get("status") == "Pull complete" and line.get("id") not in done:
                    done.add(line["id"])
                    say(f"pulling {name}: {len(done)} layers")
        except (docker.errors.DockerException, requests.RequestException) as cause:
            raise _no_image(name, " ".join(str(getattr(cause, "explanation", None) or cause).split())) from cause
    image = client.images.get(name)
    said = dict(entry.split("=", 1) for entry in image.attrs.get("Config", {}).get("Env") or [] if "=" in entry)
    return Image(
        name=name, number=str(image.id), major=_major(name, said.get("PG_MAJOR", "")), data=said.get("PGDATA") or None
    )


def _no_image(name: str, why: str) -> NoImage:
    return NoImage(
        f"The image {name} is not on this machine and cannot be pulled: {why}",
        fix=f'docker pull {name} where a registry answers, or [tool.prodparity] image = "…", '
        "or --parity-database=embedded",
    )


def _major(name: str, said: str) -> int:
    """The oldest supported version's settings where neither the image nor its tag says which it is."""
    tag = name.rpartition(":")[2].partition(".")[0].partition("-")[0]
    return next((int(text) for text in (said, tag) if text.isdigit()), 13)


def run(found: Daemon, image: Image, folder: Path, password: str, volume: str | None) -> int:
    """Start it through testcontainers, with its data in `volume`; the port on 127.0.0.1."""
    with _testcontainers(found):
        from testcontainers.community.postgres import PostgresContainer

        class Container(PostgresContainer):
            def _connect(self) -> None:
                """We wait ourselves, and in shorter steps."""

        container = Container(image.name, username="postgres", password=password, dbname="postgres", driver=None)
        ports: dict[str, Any] = {"5432/tcp": ("127.0.0.1", None)}
        container.ports = ports
        container.with_env("POSTGRES_INITDB_ARGS", " ".join(options.initdb(image.major)))
        settings = options.settings(image.major).items()
        container.with_command(["postgres", *(word for name, value in settings for word in ("-c", f"{name}={value}"))])
        # SIGINT: stop as soon as possible, without losing anything.
        container.with_kwargs(labels={LABEL: mark(folder)}, stop_signal="SIGINT")
        if volume is not None and image.data is not None:
            container.with_volume_mapping(volume, image.data, "rw")
        try:
            container.start()
            return int(container.get_exposed_port(5432))
        finally:
            container.get_docker_client().client.close()


def wait(client: DockerClient, folder: Path, port: int, password: str) -> tuple[int, str]:
    """The server's version once it answers, and the boot of the machine that it runs on."""
    deadline = time.monotonic() + PATIENCE
    why = ""
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres",
                sslmode="disable", connect_timeout=2,
            ) as connection:  # fmt: skip
                return connection.info.server_version, _boot(connection)
        except psycopg.Error as cause:
            why = str(cause)
        if not any(one.status in ("running", "created") for one in of(client, folder)):
            break
        time.sleep(0.02)
    ended = time.monotonic() < deadline
    logs = "".join(one.logs(tail=8).decode(errors="replace") for one in of(client, folder)).strip() or why
    machine = ("No space left", "shared memory", "Cannot allocate memory", "Too many open files")
    raise NotReady(logs.replace(password, "***"), damaged=ended and not any(cause in logs for cause in machine))


def _boot(connection: psycopg.Connection) -> str:
    """Of the machine, which may be a virtual one of Docker's; empty where the system does not tell."""
    try:
        row = connection.execute("SELECT pg_catalog.pg_read_file('/proc/sys/kernel/random/boot_id')").fetchone()
    except psycopg.Error:
        return ""
    return str(row[0]).strip() if row else ""


def mark(folder: Path) -> str:
    """The label's value. Other machines' caches, which may lie at the same path, are told apart by their secret."""
    return f"{_cache(folder.parent)}/{folder.name}"


def _cache(root: Path) -> str:
    return hashlib.sha256(secret(root.parent).encode()).hexdigest()[:12]


def of(client: DockerClient, folder: Path) -> list[Container]:
    """The containers of a folder, running or not."""
    return list(client.containers.list(all=True, filters={"label": f"{LABEL}={mark(folder)}"}))


def folders(client: DockerClient, root: Path) -> list[Path]:
    """The folders of this cache that have a container."""
    there = client.containers.list(all=True, filters={"label": LABEL})
    return _below(root, {str(one.labels[LABEL]) for one in there})


def _below(root: Path, marks: Iterable[str]) -> list[Path]:
    split = [mark.partition("/") for mark in marks]
    return sorted(root / name for owner, _, name in split if owner == _cache(root) and name)


def end(container: Container) -> None:
    """Stop it, without losing what its server holds, and remove it; its volume stays. Never raises."""
    with suppress(Exception):  # whatever the daemon's client may raise: somebody else removed it meanwhile
        container.stop(timeout=STOP)
    with suppress(Exception):
        container.remove(force=True, v=True)


def make_volume(client: DockerClient, folder: Path) -> str:
    """A new, empty one; its name."""
    name = f"prodparity-{secrets.token_hex(6)}"
    client.volumes.create(name, labels={LABEL: mark(folder)})
    return name


def volumes(client: DockerClient, folder: Path) -> list[str]:
    """The names of a folder's volumes."""
    return [str(one.name) for one in client.volumes.list(filters={"label": f"{LABEL}={mark(folder)}"})]


def volume_folders(client: DockerClient, root: Path) -> list[Path]:
    """The folders of this cache that have a volume, there or not."""
    there = client.volumes.list(filters={"label": LABEL})
    return _below(root, {str((one.attrs.get("Labels") or {}).get(LABEL, "")) for one in there})


def drop_volume(client: DockerClient, name: str) -> None:
    """Remove it, where no container uses it. Never raises."""
    with suppress(Exception):
        client.volumes.get(name).remove(force=True)


@contextmanager
def _testcontainers(found: Daemon) -> Iterator[None]:
    """testcontainers without its reaper container and on loopback, for this call only: the user's own tests may use it."""
    said = {
        "TESTCONTAINERS_RYUK_DISABLED": "true",
        "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
        "DOCKER_HOST": found.host,
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        with extra("testcontainers", needed_for="--parity-database=docker"):
            from testcontainers.core.config import testcontainers_config
        config: Any = testcontainers_config
        kept = (config._ryuk_disabled, config.tc_host_override)  # noqa: SLF001
        config.ryuk_disabled, config.tc_host_override = True, "127.0.0.1"
        try:
            yield
        finally:
            config._ryuk_disabled, config.tc_host_override = kept  # noqa: SLF001
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
