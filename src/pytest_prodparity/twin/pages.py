"""The server's data files, read and written page by page behind its back.

The planner takes sizes from files and heights from metapages; no SQL command sets either. So the twin's files are
extended (sparsely: a page of zeros is a valid page) and a few pages are written, while no buffer holds them.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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

    def change(self, changes: Mapping[str, Change]) -> None:
        """Both for many files: each is opened once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What becomes of one file: its size in bytes, and from its first two pages those to put, by block."""

    size: int
    pages: Callable[[bytes], Mapping[int, bytes]] | None = None


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
            handle = os.open(f"{self._data}/{file}", os.O_RDONLY)
            try:
                found[file] = os.pread(handle, blocks * BLOCK, 0)
            finally:
                os.close(handle)
        return found

    def write(self, pages: Mapping[tuple[str, int], bytes], sizes: Mapping[str, int]) -> None:
        """See Pages."""
        changed: dict[str, list[tuple[int, bytes]]] = {file: [] for file in sizes}
        for (file, block), page in pages.items():
            changed.setdefault(file, []).append((block, page))
        for file, found in changed.items():
            self._change(file, Change(size=sizes.get(file, 0), pages=lambda _head, found=found: dict(found)))  # type: ignore[misc]

    def change(self, changes: Mapping[str, Change]) -> None:
        """See Pages."""
        for file, change in changes.items():
            self._change(file, change)

    def _change(self, file: str, change: Change) -> None:
        for segment, length in segments(file, change.size):
            self._put(f"{self._data}/{segment}", change.pages if segment == file else None, length)

    def _put(self, path: str, pages: Callable[[bytes], Mapping[int, bytes]] | None, length: int) -> None:
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            folder = Path(path).parent.stat()
            if os.geteuid() != folder.st_uid:
                os.fchown(handle, folder.st_uid, folder.st_gid)
        try:
            for block, page in pages(os.pread(handle, 2 * BLOCK, 0)).items() if pages is not None else ():
                os.pwrite(handle, with_checksum(page, block) if self._checksums else page, block * BLOCK)
            if os.fstat(handle).st_size < length:
                os.ftruncate(handle, length)
        finally:
            os.close(handle)


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

    def change(self, changes: Mapping[str, Change]) -> None:
        """See Pages."""
        heads = self.read([file for file, change in changes.items() if change.pages is not None], 2)
        pages = {
            (file, block): page
            for file, change in changes.items()
            if change.pages is not None
            for block, page in change.pages(heads[file]).items()
        }
        self.write(pages, {file: change.size for file, change in changes.items()})


def _plain(file: str) -> str:
    if not set(file) <= set("0123456789./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"):
        raise ProdparityError(f"The server's file {file!r} has a name that this version does not write to.")
    return file


def open_pages(server: Server, connection: psycopg.Connection[Any]) -> Pages:
    """The fastest way that works: this process' own hands, else the server's. `connection` is a superuser's."""
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
