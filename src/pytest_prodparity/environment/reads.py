"""Who reads which variable: `os.environ` tells, while it is watched."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import Any, Protocol


class Way(Enum):
    """How a variable that does not exist was asked for."""

    NEEDED = "needed"
    """`os.environ["NAME"]`: a KeyError, which the code may catch."""
    TAKEN = "taken"
    """`os.environ.get("NAME")`: the code goes on with None."""
    ASKED = "asked"
    """With a default, or whether it is there at all."""
    TOLD = "told"
    """It exists because a test runs, and was read."""


class Observer(Protocol):
    """What watches."""

    def missed(self, name: str, way: Way, frame: FrameType) -> None:
        """A variable that does not exist was asked for."""

    def met(self, name: str, frame: FrameType) -> None:
        """A variable that exists was read."""

    def listed(self, frame: FrameType) -> None:
        """All were."""

    def written(self, name: str, frame: FrameType) -> bool:
        """A variable is about to be set. False: it shall not be."""


@dataclass
class _Watching:
    """Innermost last: pytest may run inside a test of pytest."""

    observers: list[Observer]


_watching = _Watching([])
_NOTHING: Any = object()


class Watched(os._Environ):  # type: ignore[type-arg]  # noqa: SLF001  # what os.environ is made of
    """`os.environ` while somebody watches; the very same object, so that whoever imported it reads from it."""

    def __getitem__(self, key: Any) -> Any:
        __tracebackhide__ = True  # the line that reads is what a failing test is to show
        try:
            value = super().__getitem__(key)
        except KeyError:
            _missed(key, Way.NEEDED)
            raise
        _met(key)
        return value

    def get(self, key: Any, default: Any = _NOTHING) -> Any:
        """As of any mapping."""
        try:
            value = super().__getitem__(key)
        except KeyError:
            _missed(key, Way.TAKEN if default is _NOTHING or default is None else Way.ASKED)
            return None if default is _NOTHING else default
        _met(key)
        return value

    def __contains__(self, key: object) -> bool:
        try:
            super().__getitem__(key)
        except KeyError:
            _missed(key, Way.ASKED)
            return False
        _met(key)
        return True

    def __iter__(self) -> Iterator[Any]:
        if _watching.observers:
            _watching.observers[-1].listed(sys._getframe(1))  # noqa: SLF001  # who asks
        return super().__iter__()

    def __setitem__(self, key: Any, value: Any) -> None:
        name = os.fsdecode(key) if isinstance(key, (str, bytes)) else ""
        if _watching.observers and not _watching.observers[-1].written(name, sys._getframe(1)):  # noqa: SLF001
            return
        super().__setitem__(key, value)

    def setdefault(self, key: Any, value: Any = None) -> Any:
        """As of any mapping; what shall not be set is handed back."""
        if key not in self:
            self[key] = value
        return self.get(key, value)


def _missed(key: Any, way: Way) -> None:
    if _watching.observers:
        _watching.observers[-1].missed(os.fsdecode(key), way, sys._getframe(2))  # noqa: SLF001  # who asks


def _met(key: Any) -> None:
    if _watching.observers:
        _watching.observers[-1].met(os.fsdecode(key), sys._getframe(2))  # noqa: SLF001  # who asks


def watch(observer: Observer) -> None:
    """From now on `observer` is told."""
    _watching.observers.append(observer)
    for environ in _both():
        environ.__class__ = Watched


def leave(observer: Observer) -> None:
    """No longer; without any observer `os.environ` is what it was."""
    if observer in _watching.observers:
        _watching.observers.remove(observer)
    if not _watching.observers:
        for environ in _both():
            if isinstance(environ, Watched):
                environ.__class__ = os._Environ  # type: ignore[assignment]  # noqa: SLF001


def _both() -> list[Any]:
    """`os.environ`, and `os.environb` where it is; whatever a test has put in their place is left alone."""
    found = [os.environ, getattr(os, "environb", None)]
    return [one for one in found if isinstance(one, os._Environ)]  # noqa: SLF001


def names() -> list[str]:
    """Of all variables that exist now, without being noticed."""
    if not isinstance(os.environ, os._Environ):  # noqa: SLF001
        return list(os.environ)
    environ: Any = os.environ
    return [environ.decodekey(key) for key in list(environ._data)]  # noqa: SLF001  # iterating would be told


def remove(name: str) -> str | None:
    """From Python, C and subprocesses at once; the value it had, or None where it had none."""
    value = os._Environ.get(os.environ, name) if not isinstance(os.environ, Watched) else _quiet(name)  # noqa: SLF001
    if value is not None:
        del os.environ[name]
    return value


def _quiet(name: str) -> str | None:
    try:
        return str(os._Environ.__getitem__(os.environ, name))  # noqa: SLF001
    except KeyError:
        return None


def put(name: str, value: str) -> None:
    """For Python, C and subprocesses, without being noticed."""
    if isinstance(os.environ, os._Environ):  # noqa: SLF001
        os._Environ.__setitem__(os.environ, name, value)  # noqa: SLF001
    else:
        os.environ[name] = value


def value(name: str) -> str | None:
    """Without being noticed."""
    return _quiet(name) if isinstance(os.environ, os._Environ) else os.environ.get(name)  # noqa: SLF001
