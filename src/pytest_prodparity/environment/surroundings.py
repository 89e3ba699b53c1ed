"""Time zone, locale and umask: of the process as a whole, as production has them."""

from __future__ import annotations

import locale
import os
import time
import zoneinfo
from contextlib import suppress
from pathlib import Path

from . import reads
from .manifest import Manifest

_LOCALES = (
    "LC_ALL",
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES",
    "LANGUAGE",
    "LANG",
)


class Surroundings:
    """In force between `enter` and `leave`."""

    def __init__(self, manifest: Manifest) -> None:
        self.notes: list[str] = []
        """What this machine lacks."""
        self._timezone = self._zone(manifest.timezone)
        self._locale = self._known(manifest.locale)
        self._umask = manifest.umask
        self._said_by = "LC_ALL" if "LC_ALL" in manifest.variables else "LANG"
        self.names = {*(["TZ"] if self._timezone else []), *([self._said_by] if self._locale else [])}
        """Variables that say it, and exist therefore."""
        self._before: dict[str, str | None] = {}
        self._ctype: str | None = None

    def enter(self) -> None:
        """Production's, for Python, for C and for subprocesses."""
        if self._timezone is not None:
            self._set("TZ", self._timezone)
            time.tzset()
        if self._locale is not None:
            for name in _LOCALES:
                self._set(name, self._locale if name == self._said_by else None)
            self._ctype = locale.setlocale(locale.LC_CTYPE)
            locale.setlocale(locale.LC_CTYPE, self._locale)

    def leave(self) -> None:
        """What was before."""
        for name, value in self._before.items():
            if value is None:
                reads.remove(name)
            else:
                reads.put(name, value)
        if "TZ" in self._before:
            time.tzset()
        if self._ctype is not None:
            locale.setlocale(locale.LC_CTYPE, self._ctype)
            self._ctype = None
        self._before.clear()

    def umask(self) -> int | None:
        """Set it; what it was before, for `os.umask`, or None where nothing was set."""
        return None if self._umask is None else os.umask(self._umask)

    def _set(self, name: str, value: str | None) -> None:
        self._before[name] = reads.value(name)
        if value is None:
            reads.remove(name)
        else:
            reads.put(name, value)

    def _zone(self, name: str | None) -> str | None:
        """C knows zones by their files alone, and takes UTC without a word where one is missing."""
        if name is None or name in ("UTC", "Etc/UTC", "GMT"):
            return name
        if any((Path(folder) / name).is_file() for folder in zoneinfo.TZPATH) or ("," in name or name[-1].isdigit()):
            return name
        self.notes.append(
            f"production's time zone is {name}, which this machine lacks: tests keep their own (apt-get install tzdata)"
        )
        return None

    def _known(self, name: str | None) -> str | None:
        """A Python that starts in the locale C or POSIX takes C.UTF-8 instead, by PEP 538."""
        if name is None:
            return None
        name = "C.UTF-8" if name in ("C", "POSIX") else name
        now = locale.setlocale(locale.LC_CTYPE)
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            self.notes.append(
                f"production's locale is {name}, which this machine lacks: tests keep their own "
                f"(localedef or apt-get install locales)"
            )
            return None
        finally:
            with suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, now)
        return name
