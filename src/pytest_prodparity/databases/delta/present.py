"""From images to what a test reads: rows of Python values, paired by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
from psycopg.abc import Loader
from psycopg.adapt import Transformer
from psycopg.pq import Format

from ...core.delta import Change, Delta, Moved, Row
from .decode import Image, Net, Rows, text
from .shape import Table

Loads = Callable[[int, Format], Loader]


def delta(connection: psycopg.Connection, net: Net, sequences: tuple[Moved, ...], notes: list[str]) -> Delta:
    """The net change as values that psycopg gives by itself; what it cannot make a value of stays text."""
    load: Loads = Transformer(connection).get_loader
    changes: list[Change] = []
    references = {}
    for rows in net.rows.values():
        if rows.count:
            changes += _changes(rows, _reader(load, rows.table))
            for column, target in rows.table.references.items():
                references[rows.table.asked, column] = target
    return Delta(changes=tuple(changes), sequences=sequences, notes=(*net.unread, *notes), references=references)


def _reader(load: Loads, table: Table) -> Callable[[Image], dict[str, object]]:
    loaders = [load(column.oid, Format.TEXT).load for column in table.columns]

    def read(image: Image) -> dict[str, object]:
        row: dict[str, object] = {}
        for column, loader, value in zip(table.columns, loaders, image, strict=True):
            if column.virtual:
                continue
            if value is None:
                row[column.name] = None
                continue
            plain = text(value)
            try:
                row[column.name] = loader(plain.encode())
            except (psycopg.Error, ValueError):  # infinity, years before 1
                row[column.name] = plain
        return row

    return read


def _changes(rows: Rows, read: Callable[[Image], dict[str, object]]) -> Iterator[Change]:
    table = rows.table
    names = [table.columns[at].name for at in table.key]
    for before, after in _pairs(rows):
        old, new = (None if image is None else read(image) for image in (before, after))
        present: Row = new if new is not None else old or {}
        yield Change(
            table=table.asked,
            kind="insert" if old is None else "delete" if new is None else "update",
            key={name: present[name] for name in names},
            before=old,
            after=new,
        )


def _pairs(rows: Rows) -> Iterator[tuple[Image | None, Image | None]]:
    if not rows.table.key:
        yield from _kept(rows)
        return
    paired: dict[Image, list[Image | None]] = {}
    for image, count in rows.count.items():
        key = tuple([image[at] for at in rows.table.key])
        paired.setdefault(key, [None, None])[count > 0] = image
    yield from ((before, after) for before, after in paired.values())


def _kept(rows: Rows) -> Iterator[tuple[Image | None, Image | None]]:
    """Of a table without key: rows that were followed from image to image."""
    left = dict(rows.count)
    for image, origins in rows.came.items():
        for origin in origins:
            if left.get(image, 0) > 0 and (origin is None or left.get(origin, 0) < 0):
                left[image] -= 1
                if origin is not None:
                    left[origin] += 1
                yield origin, image
    for image, count in left.items():
        for _ in range(abs(count)):
            yield (None, image) if count > 0 else (image, None)
