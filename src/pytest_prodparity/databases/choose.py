"""Which server a run uses, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import ProdparityError
from ..core.levels import Level
from . import refusals
from .provider import Provider, Server
from .refusals import NoImage

if TYPE_CHECKING:
    import psycopg

    from ..core.settings import Settings
    from ..profile.model import Profile

NEWEST = 18
"""The major version where there is no profile to name production's."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A provider, and the sentence that tells why it is this one."""

    provider: Provider
    why: str
    image: str | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the report should say besides; complete once the provider has started."""
        return (*((self.why,) if self.why else ()), *self.provider.notes)

    def shown(self, server: Server) -> str:
        """`postgres:16 (docker)`, `PostgreSQL 18.6 (embedded)`, as the report's second line ends."""
        minor = server.version % 10000
        version = f"PostgreSQL {server.version // 10000}.{minor}"
        kind = getattr(self.provider, "kind", server.kind)
        return f"{self.image or version} ({kind})" if kind == "docker" else f"{version} ({server.kind})"


def choose(settings: Settings, profile: Profile | None, *, say: Callable[[str], None] | None = None) -> Chosen:
    """By the settings of a run; `say` gets progress lines of an image that is pulled."""
    return provider(
        settings.database,
        level=settings.level,
        production_version=profile.server_version if profile else None,
        identity=profile.identity if profile else None,
        image=settings.image,
        allow_external=settings.allow_external,
        say=say,
    )


def provider(
    setting: str,
    *,
    level: Level,
    production_version: int | None = None,
    identity: str | None = None,
    image: str | None = None,
    allow_external: bool = False,
    say: Callable[[str], None] | None = None,
) -> Chosen:
    """`embedded`, `docker`, a URL, or `auto`: at `dev` embedded, from `staging` production's own version in a container.

    Nothing is started here, no image is pulled.
    """
    major = production_version // 10000 if production_version else NEWEST
    if "://" in setting:
        from .external import External

        external = External(setting, allowed=allow_external, production=identity, identities=_identities)
        return Chosen(provider=external, why="")
    if setting == "docker":
        return _container(major, image, say)
    if setting == "embedded" or level < Level.STAGING:
        return _embedded("")
    from .daemon import daemon

    found = daemon()
    if found.version is None:
        return _embedded(f"embedded PostgreSQL in place of a container: {found.problem}")
    if found.has(image or f"postgres:{major}"):
        return _container(major, image, say)
    if refused := refusals.recent(image or f"postgres:{major}"):
        return _embedded(f"embedded PostgreSQL in place of a container: {refused}")
    from .docker import Docker

    container = Docker(major=major, image=image, say=say)
    return Chosen(provider=_Either(container, container.image), why="", image=container.image)


def _container(major: int, image: str | None, say: Callable[[str], None] | None) -> Chosen:
    from .docker import Docker

    container = Docker(major=major, image=image, say=say)
    return Chosen(provider=container, why="", image=container.image)


def _embedded(why: str) -> Chosen:
    from .embedded import Embedded

    return Chosen(provider=Embedded(), why=why)


class _Either:
    """A container whose image has still to be pulled, or the embedded server where that fails; `auto` only."""

    def __init__(self, container: Provider, image: str) -> None:
        self._used: Provider = container
        self._image = image
        self.kind = "docker"
        self.notes: list[str] = []

    def start(self) -> Server:
        """Pull and start, else embedded with a note."""
        if self.kind == "docker":
            try:
                return self._started()
            except ProdparityError as cause:
                self.notes.append(f"embedded PostgreSQL in place of a container: {cause.happened}")
                if isinstance(cause, NoImage):
                    refusals.remember(self._image, cause.happened)
                self._used, self.kind = _embedded("").provider, "embedded"
        return self._started()

    def _started(self) -> Server:
        server = self._used.start()
        self.notes += [note for note in self._used.notes if note not in self.notes]
        return server

    def stop(self) -> None:
        """Whichever it became."""
        self._used.stop()

    def again(self) -> dict[str, str] | None:
        """Of whichever it became."""
        return self._used.again()


def _identities(connection: psycopg.Connection[Any]) -> set[str]:
    from ..profile.identity import identities

    return identities(connection)
