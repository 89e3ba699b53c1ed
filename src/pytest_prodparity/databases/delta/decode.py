"""Reads what test_decoding prints, and folds it into what remains.

Images are rows as tuples of test_decoding's own text, one item a column: equal text, equal value, as the settings that
make text of values are pinned. `None` is NULL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .shape import Table

Image = tuple[str | None, ...]
UNCHANGED = "unchanged-toast-datum"
_LINE = re.compile(r'table ((?:"(?:[^"]|"")*"|[^".:, ]+)\.(?:"(?:[^"]|"")*"|[^".:, ]+)): (INSERT|UPDATE|DELETE):')


class Unreadable(Exception):
    """The stream holds what cannot be read, or not be undone; the message says why."""


@dataclass
class Rows:
    """One table's net change: how often each image is there now and was not (above zero), or the other way round."""

    table: Table
    count: dict[Image, int] = field(default_factory=dict)
    came: dict[Image, list[Image | None]] = field(default_factory=dict)
    """Of a table without key: what each image that is there now was at the start; None: nothing."""

    def gone(self, image: Image) -> None:
        """One row with this image was removed."""
        self._add(image, -1)

    def new(self, image: Image) -> None:
        """One row with this image appeared."""
        self._add(image, 1)

    def inserted(self, image: Image) -> None:
        """As `new`."""
        self.new(image)
        if not self.table.key:
            self.came.setdefault(image, []).append(None)

    def deleted(self, image: Image) -> None:
        """As `gone`."""
        self.gone(image)
        if not self.table.key:
            self._origin(image)

    def updated(self, before: Image, after: Image) -> None:
        """One row changed."""
        self.gone(before)
        self.new(after)
        if not self.table.key:
            self.came.setdefault(after, []).append(self._origin(before))

    def positives(self) -> list[Image]:
        """The rows to delete, repeated as often as they are there."""
        return [image for image, count in self.count.items() if count > 0 for _ in range(count)]

    def negatives(self) -> list[Image]:
        """The rows to put back, by their keys: where they all were written they lie in that order again."""
        found = [image for image, count in self.count.items() if count < 0 for _ in range(-count)]
        return sorted(found, key=self._place) if self.table.key else found

    def _place(self, image: Image) -> list[tuple[bool, int, str]]:
        values = [text(image[at] or "") for at in self.table.key]
        numbers = [value.lstrip("-").isdecimal() for value in values]
        return [(not number, int(value) if number else 0, value) for value, number in zip(values, numbers, strict=True)]

    def copy(self) -> Rows:
        """One that goes its own way."""
        return Rows(self.table, dict(self.count), {image: list(origins) for image, origins in self.came.items()})

    def reverse(self) -> Rows:
        """The change that this one is undone by."""
        return Rows(self.table, {image: -count for image, count in self.count.items()})

    def _add(self, image: Image, number: int) -> None:
        count = self.count.get(image, 0) + number
        if count:
            self.count[image] = count
        else:
            del self.count[image]

    def _origin(self, image: Image) -> Image | None:
        origins = self.came.get(image)
        if not origins:
            return image
        origin = origins.pop()
        if not origins:
            del self.came[image]
        return origin


@dataclass
class Net:
    """The net change of all tables, by printed name, in order of appearance."""

    rows: dict[str, Rows] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Why this is not all, or cannot be undone."""
    lines: int = 0

    def __bool__(self) -> bool:
        return any(rows.count for rows in self.rows.values()) or bool(self.unread)

    def copy(self) -> Net:
        """One that goes its own way."""
        return Net({name: rows.copy() for name, rows in self.rows.items()}, list(self.unread), self.lines)

    def reverse(self) -> Net:
        """The change that this one is undone by."""
        return Net({name: rows.reverse() for name, rows in self.rows.items()}, self.unread)

    def fold(self, lines: Iterable[str], tables: Mapping[str, Table]) -> Net:
        """Take up decoded lines; what cannot be read is noted in `unread`, once for each table."""
        for line in lines:
            if not line.startswith("table "):
                continue  # BEGIN, COMMIT, message: …
            self.lines += 1
            try:
                self._change(line, tables)
            except Unreadable as why:
                if str(why) not in self.unread:
                    self.unread.append(str(why))
        return self

    def _change(self, line: str, tables: Mapping[str, Table]) -> None:
        found = _LINE.match(line)
        if found is None:
            raise Unreadable(_unread(line))
        name, kind = found[1], found[2]
        rows = self.rows.get(name)
        if rows is None:
            table = tables.get(name)
            if table is None:
                large = name == "pg_catalog.pg_largeobject"
                raise Unreadable(
                    "a large object was written" if large else f"the table {name} was not there at the start"
                )
            rows = self.rows[name] = Rows(table)
        rest, table = line[found.end() :], rows.table
        if kind == "INSERT":
            rows.inserted(_image(table, rest))
        elif kind == "DELETE":
            rows.deleted(_image(table, rest))
        else:
            before, after = _images(table, rest)
            if before != after:
                rows.updated(before, after)


def text(value: str) -> str:
    """A printed value as the type's own output: without quotes; only booleans are spelled out when printed."""
    if value.startswith("'"):
        return value[1:-1].replace("''", "'")
    if value in ("true", "false"):
        return value[0]
    return value[2:-1] if value.startswith("B'") else value


def _image(table: Table, printed: str) -> Image:
    found = table.whole.fullmatch(printed)
    if found is None:
        raise Unreadable(f"a row of {table.printed} does not have the columns of the start")
    groups = found.groups()
    return groups if "null" not in groups else tuple([None if value == "null" else value for value in groups])


def _images(table: Table, printed: str) -> tuple[Image, Image]:
    found = table.update.fullmatch(printed)
    if found is None:
        raise Unreadable(f"a row of {table.printed} does not have the columns of the start")
    groups = found.groups()
    middle = len(groups) // 2
    before, after = groups[:middle], groups[middle:]
    if "null" in after:
        after = tuple([None if value == "null" else value for value in after])
    if UNCHANGED in after:
        after = tuple([old if new == UNCHANGED else new for old, new in zip(before, after, strict=True)])
    return before, after


def _unread(line: str) -> str:
    names, truncated, _ = line.removeprefix("table ").partition(": TRUNCATE:")
    return f"TRUNCATE of {names}" if truncated else "the server's decoding printed what cannot be read"
