"""Files such as `.env`, which lie on the laptop and not in production: their undeclared names are not read either."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any, Protocol


class Doorkeeper(Protocol):
    """Who decides."""

    def admits(self, name: str) -> bool:
        """May this name come from a file?"""


_doorkeepers: list[Doorkeeper] = []
_wrapped: list[tuple[Any, str, Any]] = []


def guard(doorkeeper: Doorkeeper) -> None:
    """python-dotenv (through which pydantic-settings and environs read too) and python-decouple, where they are installed."""
    _doorkeepers.append(doorkeeper)
    if not _wrapped:
        _wrap_dotenv()
        _wrap_decouple()


def leave(doorkeeper: Doorkeeper) -> None:
    """As it was, once nobody decides any more."""
    if doorkeeper in _doorkeepers:
        _doorkeepers.remove(doorkeeper)
    if not _doorkeepers:
        while _wrapped:
            owner, name, original = _wrapped.pop()
            setattr(owner, name, original)


def _admitted(name: object) -> bool:
    return not isinstance(name, str) or not _doorkeepers or _doorkeepers[-1].admits(name)


def _wrap_dotenv() -> None:
    if importlib.util.find_spec("dotenv") is None:
        return
    from dotenv.main import DotEnv

    parse = DotEnv.parse

    def only_declared(self: DotEnv) -> Iterator[tuple[str, str | None]]:
        yield from ((name, value) for name, value in parse(self) if _admitted(name))

    _replace(DotEnv, "parse", only_declared)


def _wrap_decouple() -> None:
    if importlib.util.find_spec("decouple") is None:
        return
    import decouple

    for repository in (decouple.RepositoryEnv, decouple.RepositoryIni):
        contains = repository.__contains__

        def only_declared(self: Any, key: str, contains: Any = contains) -> bool:
            return bool(contains(self, key)) and _admitted(key)

        _replace(repository, "__contains__", only_declared)


def _replace(owner: Any, name: str, by: Any) -> None:
    _wrapped.append((owner, name, getattr(owner, name)))
    setattr(owner, name, by)
