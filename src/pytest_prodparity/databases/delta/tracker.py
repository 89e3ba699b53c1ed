"""Follows one database: tells what changed since the start, and takes it back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import LiteralString, Self

import psycopg
from psycopg import sql

from ...core.delta import Delta
from ..provider import Server
from . import fence, prepare, present, undo
from .bloat import Bloat
from .decode import Net, Unreadable
from .fence import Leak
from .notice import Catalogue
from .prepare import Untrackable
from .sequences import Sequences, State
from .shape import Table, tables

MOST = 100_000
"""Row changes above which a clone is the cheaper way back."""
PROVEN = 2_000
"""Row changes up to which each undo is proven by the stream."""
SNAPSHOT = 50
"""Undos after which the place from which the log is read again moves on."""
_OPTIONS: LiteralString = (
    "'skip-empty-xacts', '1', 'include-xids', '0', 'include-timestamp', '0'"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """What came of an undo. Where it is not `done`, the database must not be used any more: take a fresh clone."""

    done: bool
    reasons: tuple[str, ...] = ()
    """Why it could not be undone."""
    broken: bool = False
    """It was undone, and the state is not the one of the start: a bug, to be shown."""
    rows: int = 0
    """Row changes that were taken back, before they were folded."""
    leaks: tuple[Leak, ...] = ()
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return self.done


@dataclass
class Frame:
    """A state to come back to: what changed between it and the next frame's start, and where the sequences stood."""

    mark: str
    sequences: State
    net: Net = field(default_factory=Net)
    reasons: list[str] = field(default_factory=list)


class Tracker:
    """One database's changes since `open`. A context manager; not for several threads at once.

    Its slot is temporary: it goes with this process, however that ends. While it is open the database cannot be dropped.
    """

    def __init__(self, server: Server, database: str, connection: psycopg.Connection, like: Tracker | None) -> None:
        self.server = server
        self.database = database
        self._connection = connection
        self._slot = f"prodparity_{secrets.token_hex(8)}"
        self._spare: tuple[int, ...] = (connection.info.backend_pid,)
        self._undone = 0
        self._like = like

    @classmethod
    def open(
        cls,
        server: Server,
        database: str,
        *,
        spare: Collection[int] = (),
        patience: float = 10.0,
        like: Tracker | None = None,
    ) -> Self:
        """Start to follow `database`; raises Untrackable with the reason.

        `spare`: pids of backends that are never ended. `patience`: seconds for the open transactions of the whole
        server, for which a new slot waits. `like`: a tracker of another clone of the same template, untouched; saves 20 ms.
        """
        try:
            connection = prepare.connect(server, database)
        except psycopg.errors.InsufficientPrivilege:
            with psycopg.connect(server.dsn(database), autocommit=True) as plain:
                prepare.check(plain, server)
            raise
        tracker = cls(server, database, connection, like)
        try:
            tracker._spare += tuple(spare)
            tracker._start(patience)
        except BaseException:
            connection.close()
            raise
        tracker._like = None
        return tracker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Of its own backend."""
        return self._connection.info.backend_pid

    def delta(self) -> Delta:
        """What changed since the start, or since `enter`: committed rows only."""
        frame = self._frames[-1]
        net = self._read()
        notes = self._catalogue.changed(self._connection, frame.mark)
        moved = self._sequences.moved(frame.sequences, self._sequences.state(self._connection))
        return present.delta(self._connection, net, moved, notes)

    def undo(self) -> Undone:
        """Back to the start, or to the last `enter`. End what the test left under way, and report it."""
        began = time.perf_counter()
        leaks = self._fence()
        try:
            frame = self._frames[-1]
            now = self._sequences.state(self._connection)
            if self._quiet(frame) and not frame.net:
                self._sequences.set_back(self._connection, frame.sequences, now)
                return Undone(done=True, leaks=leaks, seconds=time.perf_counter() - began)
            net = self._read()
            reasons = [*frame.reasons, *self._catalogue.changed(self._connection, frame.mark), *undo.stubborn(net)]
            if not reasons:
                reasons, broken = self._take_back(net, frame, now)
            else:
                broken = False
        except (psycopg.Error, Unreadable) as cause:
            reasons, broken, net = [_said(cause)], False, Net()
        return Undone(
            done=not reasons, reasons=tuple(dict.fromkeys(reasons)), broken=broken, rows=net.lines, leaks=leaks,
            seconds=time.perf_counter() - began,
        )  # fmt: skip

    def enter(self) -> None:
        """Make the present state the one that `undo` comes back to, until `leave`. A changed schema is taken up."""
        self._fence()
        frame = self._frames[-1]
        changed = self._catalogue.changed(self._connection, frame.mark)
        frame.net.fold(self._consume(), self._tables)
        if changed:
            frame.reasons += changed
            prepare.prepare(self._connection)
            self._look()
            self._consume()
        self._frames.append(Frame(mark=self._position(), sequences=self._sequences.state(self._connection)))

    def leave(self) -> Undone:
        """Undo everything since the matching `enter` and before it, back to the state around it."""
        inner = self.undo()
        self._frames.pop()
        outer = self._frames[-1]
        if not inner:
            return inner
        return inner if not (outer.net or outer.reasons) and self._same(outer) else self._outer(outer, inner)

    def close(self) -> None:
        """Stop following. Never raises."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _outer(self, frame: Frame, inner: Undone) -> Undone:
        reasons, broken = [*frame.reasons, *undo.stubborn(frame.net)], False
        if not reasons:
            try:
                now = self._sequences.state(self._connection)
                reasons, broken = self._take_back(frame.net, frame, now, kept=True)
            except (psycopg.Error, Unreadable) as cause:
                reasons = [_said(cause)]
        return Undone(
            done=not reasons, reasons=tuple(reasons), broken=broken, rows=inner.rows + frame.net.lines,
            leaks=inner.leaks, seconds=inner.seconds,
        )  # fmt: skip

    def _same(self, frame: Frame) -> bool:
        return self._sequences.state(self._connection) == frame.sequences

    def _start(self, patience: float) -> None:
        connection = self._connection
        prepare.check(connection, self.server)
        prepare.prepare(connection)
        if (table := prepare.published(connection)) is not None:
            raise Untrackable(
                f"{table} has generated columns and is in a publication, which would refuse its updates",
                fix="leave the publication out of the profile",
            )
        prepare.reader(connection)
        self._look()
        self._make_slot(patience)
        self._frames = [Frame(mark=self._position(), sequences=self._sequences.state(connection))]

    def _look(self) -> None:
        """Read the catalogue."""
        like = self._like
        if like is not None:
            self._tables: dict[str, Table] = like._tables  # noqa: SLF001
            self._sequences = like._sequences  # noqa: SLF001
            row = self._connection.execute(
                "SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
            ).fetchone()
            assert row is not None
            self._catalogue = like._catalogue.of(row[0])  # noqa: SLF001
        else:
            self._tables = tables(self._connection)
            self._sequences = Sequences.read(self._connection)
            self._catalogue = Catalogue.read(self._connection)
        self._bloat = Bloat.read(self._connection)

    def _make_slot(self, patience: float) -> None:
        connection = self._connection
        connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, false)", [f"{patience * 1000:.0f}"])
        try:
            connection.execute(
                "SELECT pg_catalog.pg_create_logical_replication_slot(%s, 'test_decoding', true)", [self._slot]
            )
        except psycopg.errors.QueryCanceled:
            row = connection.execute(
                "SELECT pid, datname FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start"
            ).fetchone()
            who = f"process {row[0]} in the database {row[1]}" if row else "a prepared one"
            raise Untrackable(
                f"a transaction has been open on the server for {patience:.0f} s, {who}", fix="end that transaction"
            ) from None
        finally:
            connection.execute("SET statement_timeout = 0")

    def _fence(self) -> tuple[Leak, ...]:
        found = fence.look(self._connection, self._spare)
        return tuple(fence.clear(self._connection, self._spare, found)) if found else ()

    def _quiet(self, frame: Frame) -> bool:
        """Has nothing been written on the whole server?"""
        return self._position() == frame.mark

    def _position(self) -> str:
        row = self._connection.execute("SELECT pg_catalog.pg_current_wal_insert_lsn()::text", prepare=True).fetchone()
        assert row is not None
        return str(row[0])

    def _flush(self) -> None:
        """What was committed without waiting is decoded only once it is flushed."""
        if self.server.version >= 170000:
            self._connection.execute("SELECT pg_catalog.pg_logical_emit_message(false, 'x', 'x', true)", prepare=True)
        else:
            self._connection.execute("SELECT pg_catalog.pg_logical_emit_message(true, 'x', 'x')", prepare=True)

    def _read(self) -> Net:
        """Everything since the frame's start, and what the frame brings along; nothing is consumed."""
        self._flush()
        return Net().fold(self._lines("peek"), self._tables)

    def _consume(self) -> list[str]:
        self._flush()
        return self._lines("get")

    def _lines(self, how: LiteralString) -> list[str]:
        query = sql.SQL(
            "SELECT data FROM pg_catalog.pg_logical_slot_{}_changes({}, NULL, NULL, " + _OPTIONS + ") LIMIT {}"
        ).format(sql.SQL(how), sql.Literal(self._slot), sql.Literal(MOST + 1))
        lines = [line for (line,) in self._connection.execute(query, prepare=True)]
        if len(lines) > MOST:
            raise Unreadable(f"more than {MOST:,} rows were changed")
        return lines

    def _take_back(self, net: Net, frame: Frame, now: State, *, kept: bool = False) -> tuple[list[str], bool]:
        """Undo, prove, and go on from there; reasons where it failed, and whether it failed after all was done."""
        connection = self._connection
        if net:
            with connection.transaction():
                undo.put_back(connection, net, start=None if kept else frame.mark)
        self._sequences.set_back(connection, frame.sequences, now)
        if kept:
            over = Net().fold(net_lines := self._consume(), self._tables)
            del net_lines, over
            frame.net, proven = Net(), True
        elif net.lines <= PROVEN:
            proven = not Net().fold(self._consume(), self._tables)
        else:
            proven = True
            connection.execute(
                "SELECT pg_catalog.pg_replication_slot_advance(%s, pg_catalog.pg_current_wal_flush_lsn())", [self._slot]
            )
        if not proven:
            return ["the undo did not lead back to the start: something wrote meanwhile, or this is a bug"], True
        self._undone += 1
        self._bloat.care(connection, [rows.table for rows in net.rows.values()])
        if self._undone % SNAPSHOT == 0 and self.server.version >= 160000:
            connection.execute("SELECT pg_catalog.pg_log_standby_snapshot()")
        frame.mark = self._position()
        return [], False


def _said(cause: Exception) -> str:
    """One line without values: PostgreSQL's details quote rows."""
    if isinstance(cause, psycopg.Error):
        message = cause.diag.message_primary or type(cause).__name__
        return f"the undo failed: {message}"
    return str(cause)
