"""One server for many processes: the first that comes starts it, the last that goes stops it, and none is missed."""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import ProdparityError

STEP = 0.005
"""Seconds between two looks at a lock or a file."""


class Shared:
    """Two lock files in a folder: `changing` for the moment of a start or a stop, `users` as long as a process uses it.

    The operating system releases both with the process, however it ends; no pid is remembered, none can be reused.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._users: int | None = None

    @contextmanager
    def changing(self, *, seconds: float = 120) -> Iterator[None]:
        """Alone, while the server is started or stopped; raises ProdparityError after `seconds`."""
        handle = _open(self._folder / "changing")
        try:
            deadline = time.monotonic() + seconds
            while not _lock(handle, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise ProdparityError(
                        f"Another run has been starting or stopping the server in {self._folder} for {seconds:.0f} s.",
                        fix="end that run, or prodparity doctor",
                    )
                time.sleep(STEP)
            yield
        finally:
            os.close(handle)

    def join(self) -> None:
        """Count this process as a user. Under `changing`."""
        if self._users is None:
            self._users = _open(self._folder / "users")
            _lock(self._users, fcntl.LOCK_SH)
            _forget_in_children(self)

    def leave(self) -> bool:
        """Count it no longer; true where it was the last. Under `changing`."""
        self.forget()
        return not in_use(self._folder)

    def forget(self) -> None:
        """Close the handle; in a forked child this takes nothing from its parent."""
        handle, self._users = self._users, None
        if handle is not None:
            os.close(handle)


def in_use(folder: Path) -> bool:
    """Does any process use the server of `folder`?"""
    try:
        handle = os.open(folder / "users", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_joined: weakref.WeakSet[Shared] = weakref.WeakSet()
_hooked = False


def _forget_in_children(shared: Shared) -> None:
    """A forked child shares its parent's lock: without this, a daemon made by a test would keep the server for ever."""
    global _hooked
    _joined.add(shared)
    if not _hooked:
        os.register_at_fork(after_in_child=_forget_all)
        _hooked = True


def _forget_all() -> None:
    for shared in list(_joined):
        with suppress(OSError):
            shared.forget()
