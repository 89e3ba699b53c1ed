"""A container of production's own engine and major version; one per run, shared by its workers."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from ..core.errors import ProdparityError
from ..core.extras import extra
from . import options
from .account import Account
from .cache import cache
from .daemon import Daemon, daemon
from .provider import Server
from .shared import Shared, in_use

if TYPE_CHECKING:
    from docker.client import DockerClient

LABEL = "prodparity.run"
FOLDER = "prodparity.folder"
PATIENCE = 60.0
"""Seconds for the server in the container to become ready."""
OLD = 86400.0
"""Seconds after which the folder of a run that is over is removed."""
SILENCE = 20
"""Seconds without a word from the registry after which a pull is given up."""


class Docker:
    """`postgres:<major>`, or the image of the settings, bound to 127.0.0.1 and removed at the end.

    `run`: the same text in all workers of a run, which then share one container. `say` gets progress lines.
    """

    def __init__(
        self, *, major: int, image: str | None = None, run: str | None = None, say: Callable[[str], None] | None = None
    ) -> None:
        self.image = image or f"postgres:{major}"
        self._run = run or secrets.token_hex(8)
        self._say = say or (lambda _line: None)
        self.notes: list[str] = []
        self._shared: Shared | None = None
        self._folder: Path | None = None

    def start(self) -> Server:
        """Start the container, or find that of this run; raises ProdparityError: no daemon, no right, no image."""
        found = answering()
        root = containers(Account.current())
        _forget_old(root)
        folder = root / "".join(letter if letter.isalnum() else "-" for letter in self._run)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._shared = folder, self._shared or Shared(folder)
        with self._shared.changing(seconds=900):
            self._shared.join()
            try:
                with _client(found) as client:
                    sweep(client, root)
                    return self._known(client) or self._started(client, found)
            except BaseException:
                self._leave(found)
                raise

    def stop(self) -> None:
        """Leave it; the last one to leave removes the container. Never raises."""
        if self._shared is None:
            return
        try:
            with self._shared.changing(seconds=30):
                self._leave(daemon())
        except (ProdparityError, OSError):
            self._shared.forget()
        self._shared = None

    def again(self) -> dict[str, str] | None:
        """It ends with the run."""
        return None

    def _leave(self, found: Daemon) -> None:
        assert self._shared is not None
        assert self._folder is not None
        if not self._shared.leave():
            return
        with suppress(Exception), _client(found) as client:  # whatever the daemon's client may raise
            _remove(client, LABEL, self._run)
        # The folder stays for now: another worker may be waiting for its lock.
        (self._folder / "server.json").unlink(missing_ok=True)

    def _known(self, client: DockerClient) -> Server | None:
        """The container that another worker of this run has started."""
        assert self._folder is not None
        try:
            said = json.loads((self._folder / "server.json").read_text())
        except (OSError, ValueError):
            return None
        if client.containers.list(filters={"label": f"{LABEL}={self._run}"}):
            return Server(**said)
        return None

    def _started(self, client: DockerClient, found: Daemon) -> Server:
        assert self._folder is not None
        self._fetch(client, found)
        _remove(client, LABEL, self._run)
        major = _major(client, self.image)
        password = secrets.token_hex(16)
        labels = {LABEL: self._run, FOLDER: str(self._folder), "prodparity.pid": str(os.getpid())}
        try:
            port = _run(found, self.image, major, password, labels)
            version = _wait(client, self._run, port, password)
        except BaseException:
            with suppress(Exception):
                _remove(client, LABEL, self._run)
            raise
        server = Server(host="127.0.0.1", port=port, user="postgres", password=password, version=version, kind="docker")
        said = {"host": server.host, "port": port, "user": server.user, "password": password, "version": version}
        with os.fdopen(
            os.open(self._folder / "server.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            json.dump({**said, "kind": "docker"}, file)
        return server

    def _fetch(self, client: DockerClient, found: Daemon) -> None:
        """Pull the image where it is not there, with progress; a registry that says nothing is given up soon."""
        import docker.errors
        import requests

        if found.has(self.image):
            return
        self._say(f"pulling {self.image} …")
        name, _, tag = (
            self.image.rpartition(":") if ":" in self.image.rpartition("/")[2] else (self.image, "", "latest")
        )
        done: set[str] = set()
        try:
            for line in client.api.pull(name, tag=tag, stream=True, decode=True):
                if "error" in line:
                    raise self._no_image(str(line["error"]))
                if line.get("status") == "Pull complete" and line.get("id") not in done:
                    done.add(line["id"])
                    self._say(f"pulling {self.image}: {len(done)} layers")
        except (docker.errors.DockerException, requests.RequestException) as cause:
            raise self._no_image(" ".join(str(getattr(cause, "explanation", None) or cause).split())) from cause

    def _no_image(self, why: str) -> ProdparityError:
        return ProdparityError(
            f"The image {self.image} is not on this machine and cannot be pulled: {why}",
            fix=f'docker pull {self.image} where a registry answers, or [tool.prodparity] image = "…", '
            "or --parity-database=embedded",
        )


def answering() -> Daemon:
    """The daemon; raises ProdparityError where none answers."""
    found = daemon()
    if found.version is None:
        raise ProdparityError(
            f"Docker cannot be used: {found.problem}.", fix=f"{found.fix}; or --parity-database=embedded"
        )
    return found


def sweep(client: DockerClient, root: Path) -> list[str]:
    """Remove the containers of runs that are dead; their names. Whether a run lives, the lock in its folder tells."""
    swept = []
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        folder = Path(container.labels.get(FOLDER, ""))
        if folder.parent == root and not in_use(folder):
            with suppress(Exception):  # somebody else removed it meanwhile
                container.remove(force=True, v=True)
                swept.append(str(container.name))
    return swept


def swept() -> list[str]:
    """Sweep, for those who have no client at hand."""
    root = containers(Account.current())
    with _client(answering()) as client:
        names = sweep(client, root)
    for folder in left(root):
        (folder / "server.json").unlink(missing_ok=True)
    return names


def containers(account: Account) -> Path:
    """Where each run that has a container has a folder with its locks."""
    return cache(account).root / "containers"


def running(root: Path) -> list[Server]:
    """The containers of runs that live."""
    found = []
    for file in sorted(root.glob("*/server.json")):
        with suppress(OSError, ValueError, TypeError):
            if in_use(file.parent):
                found.append(Server(**json.loads(file.read_text())))
    return found


def left(root: Path) -> list[Path]:
    """Folders of runs that were killed while they had a container."""
    return [file.parent for file in root.glob("*/server.json") if not in_use(file.parent)]


def _forget_old(root: Path) -> None:
    for folder in root.glob("*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > OLD and not in_use(folder):
                shutil.rmtree(folder)


def _remove(client: DockerClient, label: str, value: str) -> None:
    for container in client.containers.list(all=True, filters={"label": f"{label}={value}"}):
        container.remove(force=True, v=True)


@contextmanager
def _client(found: Daemon) -> Iterator[DockerClient]:
    with extra("testcontainers", needed_for="--parity-database=docker"):
        import docker
    client = docker.DockerClient(base_url=found.host, timeout=SILENCE)
    try:
        yield client
    finally:
        client.close()


def _major(client: DockerClient, image: str) -> int:
    """From the image's own `PG_MAJOR`; the oldest supported settings where it does not say."""
    variables = client.images.get(image).attrs.get("Config", {}).get("Env") or []
    for entry in variables:
        name, _, value = entry.partition("=")
        if name == "PG_MAJOR" and value.isdigit():
            return int(value)
    tag = image.rpartition(":")[2].partition(".")[0].partition("-")[0]
    return int(tag) if tag.isdigit() else 13


def _run(found: Daemon, image: str, major: int, password: str, labels: dict[str, str]) -> int:
    """Start it through testcontainers; the port on 127.0.0.1."""
    with _testcontainers(found):
        from testcontainers.community.postgres import PostgresContainer

        class Container(PostgresContainer):
            def _connect(self) -> None:
                """We wait ourselves, and in shorter steps."""

        container = Container(image, username="postgres", password=password, dbname="postgres", driver=None)
        ports: dict[str, Any] = {"5432/tcp": ("127.0.0.1", None)}
        container.ports = ports
        container.with_env("POSTGRES_INITDB_ARGS", " ".join(options.initdb(major)))
        container.with_command(["postgres", *(word for pair in _settings(major) for word in pair)])
        container.with_kwargs(labels=labels)
        try:
            container.start()
            return int(container.get_exposed_port(5432))
        finally:
            container.get_docker_client().client.close()


def _settings(major: int) -> list[tuple[str, str]]:
    return [("-c", f"{name}={value}") for name, value in options.settings(major).items()]


def _wait(client: DockerClient, run: str, port: int, password: str) -> int:
    """The server's version once it answers."""
    deadline = time.monotonic() + PATIENCE
    why = ""
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres",
                sslmode="disable", connect_timeout=2,
            ) as connection:  # fmt: skip
                return connection.info.server_version
        except psycopg.Error as cause:
            why = str(cause)
        running = client.containers.list(filters={"label": f"{LABEL}={run}"})
        if not running:
            break
        time.sleep(0.02)
    logs = "".join(
        container.logs(tail=8).decode(errors="replace")
        for container in client.containers.list(all=True, filters={"label": f"{LABEL}={run}"})
    )
    raise ProdparityError(
        "The PostgreSQL in the container did not become ready.",
        tried=f"The end of its log:\n{logs.strip() or why}".replace(password, "***"),
        fix="docker logs, prodparity doctor, or --parity-database=embedded",
    )


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
