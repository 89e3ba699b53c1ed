"""A container of production's own engine and major version, shared by all runs; its data stay when it goes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ProdparityError
from . import boot, container, durable, options
from .account import Account
from .cache import cache
from .daemon import Daemon, daemon
from .provider import Server
from .shared import Shared, in_use

if TYPE_CHECKING:
    from docker.client import DockerClient

SERVER, DATA = "server.json", "data.json"
"""In a folder: the container that runs, and the volume that is kept. 0600."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """The Docker volume of an image's cluster, and what must be known of it."""

    volume: str
    password: str
    boot: str
    """The boot of the machine in which its server last started."""
    image: str
    """The image's name, as it was asked for."""
    major: int

    def __repr__(self) -> str:
        return f"Data({self.volume!r}, {self.image!r})"


class Docker:
    """`postgres:<major>`, or the image of the settings, bound to 127.0.0.1.

    All runs of one cache share the container: the first starts it, the last removes it, and its data stay in a volume,
    for the next. `say` gets progress lines.
    """

    def __init__(self, *, major: int, image: str | None = None, say: Callable[[str], None] | None = None) -> None:
        self.image = image or f"postgres:{major}"
        self._major = major
        self._say = say or (lambda _line: None)
        self.notes: list[str] = []
        """What the header should say: data that had to be made anew."""
        self._shared: Shared | None = None
        self._folder: Path | None = None

    def start(self) -> Server:
        """Start the container, or find it running; raises ProdparityError: no daemon, no right, no image."""
        found = answering()
        root = containers(Account.current())
        with container.client_of(found) as client:
            image = container.fetched(client, found, self.image, self._say)
            folder = root / label(image)
            if folder != self._folder:
                self.stop()  # the name stands for another image now
                self._folder, self._shared = folder, Shared(folder)
            assert self._shared is not None
            sweep(client, root, keep=folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._shared.changing(seconds=300):
                self._shared.join()
                try:
                    return self._known(client) or self._started(client, found, image)
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
        self._shared = self._folder = None

    def again(self) -> dict[str, str] | None:
        """The image, where its data are kept."""
        if self._folder is None or not (self._folder / DATA).exists():
            return None
        return {"kind": "docker", "image": self.image, "folder": str(self._folder)}

    def _leave(self, found: Daemon) -> None:
        assert self._shared is not None
        assert self._folder is not None
        if not self._shared.leave():
            return
        with suppress(Exception), container.client_of(found) as client:  # whatever the daemon's client may raise
            _halt(client, self._folder)

    def _known(self, client: DockerClient) -> Server | None:
        """The container that another process has started."""
        assert self._folder is not None
        try:
            server = Server(**json.loads((self._folder / SERVER).read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return server if any(one.status == "running" for one in container.of(client, self._folder)) else None

    def _started(self, client: DockerClient, found: Daemon, image: container.Image) -> Server:
        assert self._folder is not None
        _halt(client, self._folder)
        data = _data(self._folder)
        there = container.volumes(client, self._folder)
        for name in there:
            if data is None or name != data.volume:
                container.drop_volume(client, name)  # of a start that was killed
        if data is not None and data.volume in there:
            try:
                server = self._tried(client, found, image, data)
            except container.NotReady as broken:
                if not broken.damaged:
                    raise
                self.notes.append("the kept container's data were damaged: they were made anew")
            else:
                if server is not None:
                    return server
                self.notes.append("what was kept is made anew: the machine went down while the container ran")
            _halt(client, self._folder)
            _forget(client, self._folder, data)
        volume = container.make_volume(client, self._folder) if image.data else None
        if volume is None:
            self.notes.append(f"{image.name} does not say where its data are (PGDATA): nothing is kept after the run")
        fresh = Data(volume=volume or "", password=secrets.token_hex(16), boot="", image=image.name, major=image.major)
        server = self._tried(client, found, image, fresh)
        assert server is not None
        return server

    def _tried(self, client: DockerClient, found: Daemon, image: container.Image, data: Data) -> Server | None:
        """The server on these data; None where the machine went down before they were on the disk."""
        assert self._folder is not None
        proven = durable.proven(self._folder)
        durable.withdraw(self._folder)
        try:
            port = container.run(found, image, self._folder, data.password, data.volume or None)
            version, here = container.wait(client, self._folder, port, data.password)
        except BaseException:
            _halt(client, self._folder)
            raise
        if data.boot not in ("", here) and not proven:
            return None
        server = Server(
            host="127.0.0.1", port=port, user="postgres", password=data.password, version=version, kind="docker"
        )
        said = {name: getattr(server, name) for name in ("host", "port", "user", "password", "version", "kind")}
        if data.volume:
            now = Data(
                volume=data.volume, password=data.password, boot=here or "unknown", image=data.image, major=data.major
            )
            _write(self._folder / DATA, asdict(now))
        _write(self._folder / SERVER, said)
        return server


def answering() -> Daemon:
    """The daemon; raises ProdparityError where none answers."""
    found = daemon()
    if found.version is None:
        raise ProdparityError(
            f"Docker cannot be used: {found.problem}.", fix=f"{found.fix}; or --parity-database=embedded"
        )
    return found


def containers(account: Account) -> Path:
    """Where each image has a folder, with its locks and what must be known of its data."""
    return cache(account).root / "containers"


def label(image: container.Image) -> str:
    """A folder's name: the same as long as its data would be made the same."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in image.name)[-40:]
    content = f"{image.name}\x1f{image.number}\x1f{options.GENERATION}"
    return f"{slug}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def sweep(client: DockerClient, root: Path, *, keep: Path | None = None) -> list[str]:
    """Stop the containers that no run uses any more; their folders. Whether one does, the lock there tells."""
    swept = []
    for folder in container.folders(client, root):
        if folder == keep:
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(ProdparityError, OSError), Shared(folder).changing(seconds=0.1):
            if not in_use(folder):
                _halt(client, folder)
                swept.append(folder.name)
    return swept


def swept() -> list[str]:
    """Sweep, for those who have no client at hand; data of images that are gone go too."""
    root = containers(Account.current())
    with container.client_of(answering()) as client:
        names = sweep(client, root)
        lost = [folder for folder in container.volume_folders(client, root) if not (folder / DATA).exists()]
        for folder in {*outdated(root), *lost}:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(ProdparityError, OSError), Shared(folder).changing(seconds=10):
                if not in_use(folder):
                    _halt(client, folder)
                    for name in container.volumes(client, folder):
                        container.drop_volume(client, name)
                    shutil.rmtree(folder, ignore_errors=True)
                    names.append(folder.name)
    return names


def kept(root: Path) -> list[tuple[Path, Data]]:
    """The folders of images whose data are kept."""
    found = [(file.parent, _data(file.parent)) for file in sorted(root.glob(f"*/{DATA}"))]
    return [(folder, data) for folder, data in found if data is not None]


def left(root: Path) -> list[Path]:
    """Folders whose container was left running by runs that were killed."""
    return [file.parent for file in root.glob(f"*/{SERVER}") if not in_use(file.parent)]


def outdated(root: Path) -> list[Path]:
    """Folders of images that are gone, or whose name stands for another image now."""
    found = daemon()
    if found.version is None:
        return []
    return [folder for folder, data in kept(root) if not _is_current(found, folder, data) and not in_use(folder)]


def _is_current(found: Daemon, folder: Path, data: Data) -> bool:
    number = found.number(data.image)
    if number is None:
        return False
    return folder.name == label(container.Image(name=data.image, number=number, major=data.major, data=None))


def _halt(client: DockerClient, folder: Path) -> None:
    """No container of this folder any more, and what its server wrote is brought to the disk."""
    there = container.of(client, folder)
    for one in there:
        container.end(one)
    (folder / SERVER).unlink(missing_ok=True)
    data = _data(folder)
    if there and data is not None and data.boot == boot.identity() != "":
        # The daemon's files are this machine's; those of a virtual one cannot be flushed from here.
        durable.prove(folder, ["sync"])


def _forget(client: DockerClient, folder: Path, data: Data) -> None:
    (folder / DATA).unlink(missing_ok=True)
    container.drop_volume(client, data.volume)


def _data(folder: Path) -> Data | None:
    try:
        return Data(**json.loads((folder / DATA).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, said: dict[str, object]) -> None:
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(said, file)
    half.replace(path)
