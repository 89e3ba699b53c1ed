"""The server's data files, read and written page by page behind its back.

The planner takes sizes from files and heights from metapages; no SQL command sets either. So the twin's files are
extended (sparsely: a page of zeros is a valid page) and a few pages are written, while no buffer holds them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..databases.provider import Server

BLOCK = 8192
SEGMENT = 1 << 30
"""A relation's file is cut into segments of 1 GiB: `123`, `123.1`, …; each is full before the next begins."""


class Pages(Protocol):
    """Access to relation files by the path that `pg_relation_filepath` gives."""

    def read(self, files: Iterable[str], blocks: int) -> dict[str, bytes]:
        """The first `blocks` pages of each file, fewer where the file is shorter."""

    def write(self, pages: Mapping[tuple[str, int], bytes], sizes: Mapping[str, int]) -> None:
        """Put pages by (file, block), then set each file's size in bytes (never shorter than what it holds)."""


def segments(file: str, size: int) -> list[tuple[str, int]]:
    """The segment files of a relation of `size` bytes, each with its own size."""
    whole = [(file, min(size, SEGMENT))]
    number = 1
    while size > number * SEGMENT:
        whole.append((f"{file}.{number}", min(size - number * SEGMENT, SEGMENT)))
        number += 1
    return whole


class LocalPages:
    """Files that this process may write itself: fastest. Owner and permissions of what is created are the folder's."""

    def __init__(self, data: Path, *, checksums: bool = False) -> None:
        self._data = data
        self._checksums = checksums

    def read(self, files: Iterable[str], blocks: int) -> dict[str, bytes]:
        """See Pages."""
        found = {}
        for file in files:
            with (self._data / file).open("rb", buffering=0) as handle:
                found[file] = handle.read(blocks * BLOCK)
        return found

    def write(self, pages: Mapping[tuple[str, int], bytes], sizes: Mapping[str, int]) -> None:
        """See Pages."""
        for (file, block), page in pages.items():
            with (self._data / file).open("r+b", buffering=0) as handle:
                handle.seek(block * BLOCK)
                handle.write(with_checksum(page, block) if self._checksums else page)
        for file, size in sizes.items():
            for segment, length in segments(file, size):
                self._grow(self._data / segment, length)

    def _grow(self, path: Path, length: int) -> None:
        try:
            handle = path.open("r+b", buffering=0)
        except FileNotFoundError:
            folder = path.parent.stat()
            path.touch(mode=0o600)
            _own(path, folder.st_uid, folder.st_gid)
            handle = path.open("r+b", buffering=0)
        with handle:
            if handle.seek(0, 2) < length:
                handle.truncate(length)


def _own(path: Path, user: int, group: int) -> None:
    import os

    if path.stat().st_uid != user:
        os.chown(path, user, group)


class ServerPages:
    """Files that only the server's own user may write: a shell script that the server runs, for a superuser.

    The script names files by numbers only (`base/16385/16390.1`), relative to the data directory, so nothing in it
    needs quoting.
    """

    def __init__(self, connection: psycopg.Connection[Any], *, checksums: bool = False) -> None:
        self._connection = connection
        self._checksums = checksums

    def read(self, files: Iterable[str], blocks: int) -> dict[str, bytes]:
        """See Pages."""
        query = "SELECT file, pg_read_binary_file(file, 0, %s) FROM unnest(%s::text[]) AS file"
        return dict(self._connection.execute(query, (blocks * BLOCK, list(files))).fetchall())

    def write(self, pages: Mapping[tuple[str, int], bytes], sizes: Mapping[str, int]) -> None:
        """See Pages."""
        script = ["set -e"]
        for (file, block), page in pages.items():
            text = base64.b64encode(with_checksum(page, block) if self._checksums else page).decode()
            script.append(f"base64 -d <<X | dd of={_plain(file)} bs={BLOCK} seek={block} conv=notrunc 2>/dev/null")
            script += [text, "X"]
        for file, size in sizes.items():
            for segment, length in segments(file, size):
                # dd copies nothing; it opens the file and sets its length: truncate(1) is missing on older macOS.
                script.append(
                    f'test "$(wc -c 2>/dev/null <{_plain(segment)} || echo 0)" -ge {length} || '
                    f"dd if=/dev/null of={segment} bs={BLOCK} count=0 seek={length // BLOCK} 2>/dev/null"
                )
        command = sql.SQL("COPY (SELECT unnest({}::text[])) TO PROGRAM 'umask 077; sh -s'").format(sql.Literal(script))
        self._connection.execute(command)


def _plain(file: str) -> str:
    if not set(file) <= set("0123456789./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"):
        raise ProdparityError(f"The server's file {file!r} has a name that this version does not write to.")
    return file


def open_pages(server: Server, connection: psycopg.Connection[Any]) -> Pages:
    """The fastest way that works: this process' own hands, else the server's. `connection` is a superuser's."""
    import os

    row = connection.execute("SELECT current_setting('data_checksums'), current_setting('block_size')").fetchone()
    assert row is not None
    if row[1] != str(BLOCK):
        raise ProdparityError(f"{server!r} has pages of {row[1]} bytes; the planner twin writes pages of {BLOCK}.")
    checksums = row[0] == "on"
    if server.data is not None and os.access(server.data / "base", os.W_OK):
        return LocalPages(server.data, checksums=checksums)
    return ServerPages(connection, checksums=checksums)


_PRIME = 16777619
_SEEDS = (
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756,
)  # fmt: skip


def with_checksum(page: bytes, block: int) -> bytes:
    """The page with the checksum of `storage/checksum_impl.h`: 32 FNV-1a sums over words, mixed and folded."""
    changed = bytearray(page)
    changed[8:10] = b"\0\0"
    words = struct.unpack("<2048I", changed)
    sums = []
    for lane, seed in enumerate(_SEEDS):
        value = seed
        for word in (*words[lane::32], 0, 0):
            mixed = value ^ word
            value = (mixed * _PRIME ^ mixed >> 17) & 0xFFFFFFFF
        sums.append(value)
    total = 0
    for value in sums:
        total ^= value
    changed[8:10] = struct.pack("<H", (total ^ block) % 65535 + 1)
    return bytes(changed)
