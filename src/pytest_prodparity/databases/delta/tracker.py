"""Follows one database: tells what changed since the start, and takes it back."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from types import TracebackType
from typing import Self

import psycopg

from ...core.delta import Delta
from ...core.errors import ProdparityError
from ..provider import Server
from . import fence, prepare, present, undo
from .bloat import Bloat
from .decode import Net, Unreadable
from .fence import Leak, Survey
from .frame import Frame, Reading, Seen, Undone
from .notice import Catalogue, place
from .sequences import Sequences, State
from .shape import Table, tables
from .stream import Stream

PROVEN = 2_000
"""Row changes up to which an undo is proven by the stream."""
FIRST = 3
"""So many of a table's first undos are proven."""
SAMPLE = 10
"""After them every tenth."""
REFRESH = 10
"""Undos after which the server notes which transactions run, from where the log is read again; by itself it does every 15 s."""


class Tracker:
    """One database's changes since `open`. A context manager; not for several threads at once.

    Its slot is temporary: it goes with this process, however that ends. While it is open the database cannot be dropped.
    """

    def __init__(self, server: Server, database: str, spare: Collection[int]) -> None:
        self.server = server
        self.database = database
        self._connection, self._slots = prepare.both(server, database)
        self._stream = Stream(self._slots, server)
        self._spared = fence.Spared(always=(*self.pids, *spare))
        self._number = 0
        """The database's oid."""
        self._frames: list[Frame] = []
        self._tables: dict[str, Table] = {}
        self._sequences: Sequences
        self._catalogue: Catalogue
        self._bloat: Bloat
        self._seen: Seen | None = None
        self._undone = 0
        self._proofs: dict[int, int] = {}
        self._lost: str | None = None
        self._known = False
        """The catalogue has been read."""
        self._late: list[str] = []
        """Why it was read too late."""
        self._first: list[Reading | None] = []
        """What was known of the start, once the schema was changed on purpose."""

    @classmethod
    def open(
        cls,
        server: Server,
        database: str,
        *,
        spare: Collection[int] = (),
        patience: float = 10.0,
        like: Tracker | None = None,
        prepared: bool = False,
    ) -> Self:
        """Start to follow `database`; raises Untrackable with the reason.

        `spare`: pids of backends that are never ended. `patience`: seconds for the open transactions of the whole
        server, for which a new slot waits. `like`: a tracker of another clone of the same template, whose reading of
        the catalogue is taken over. `prepared`: the server was checked and the template prepared; the catalogue is
        then read when it is needed.
        """
        tracker = cls(server, database, spare)
        connection = tracker._connection
        try:
            if not prepared:
                prepare.check(connection, server)
                prepare.prepare(connection)
            with ThreadPoolExecutor(1) as aside:
                slot = aside.submit(tracker._stream.open, patience)
                prepare.reader(connection)
                tracker._read_start(like)
            slot.result()
            if not prepared and not tracker._known:
                tracker._look()
            tracker._frames.append(tracker._frame())
        except BaseException:
            tracker.close()
            raise
        return tracker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pids(self) -> tuple[int, int]:
        """Of its own two backends."""
        return self._connection.info.backend_pid, self._slots.info.backend_pid

    def delta(self) -> Delta:
        """What changed since the start, or since `enter`: committed rows only. Nothing is consumed."""
        self._check()
        frame = self._frames[-1]
        try:
            self._stream.look()
            moved = self._sequences.moved(frame.sequences, self._sequences.state(self._connection))  # meanwhile
            lines, position = self._stream.peek()
            net = frame.net.copy().fold(lines, self._tables)
            notes = self._changed(frame)
            self._seen = Seen(frame=frame, position=position, lines=lines, notes=notes)
            return present.delta(self._connection, net, moved, notes)
        except (psycopg.Error, Unreadable) as cause:
            self._lost = _said(cause)
            raise self._gone() from cause

    def undo(self, *, prove: bool | None = None, older: Collection[int] = (), written: bool = True) -> Undone:
        """Back to the start, or to the last `enter`. What the test left under way is ended, and reported.

        `older`: pids of backends that were there before the test; a transaction of theirs that only reads may stay open.
        `prove`: read the stream again, which must then come to nothing; None: for each table's first undos and every
        tenth. Row counts are always checked. `written`: something was, probably; only the time depends on it. Never
        raises for what the test did.
        """
        began = time.perf_counter()
        seen, self._seen = self._seen, None
        leaks: tuple[Leak, ...] = ()
        undone = Undone(done=False, reasons=(self._lost or "",))
        if not self._lost:
            try:
                look = written and seen is None
                if look:
                    self._stream.look()
                leaks, now = self._settled(older)
                undone = self._undo(self._frames[-1], now, prove, looked=look and not leaks, seen=seen)
            except (psycopg.Error, ProdparityError, Unreadable) as cause:
                undone = Undone(done=False, reasons=(_said(cause),))
            if not undone.done:
                self._lost = undone.reasons[0]
        return replace(undone, leaks=leaks, seconds=time.perf_counter() - began)

    def settle(self, *, older: Collection[int] = ()) -> tuple[Leak, ...]:
        """End what is under way, and tell it. Never raises for what the test did."""
        try:
            return () if self._lost else self._settled(older)[0]
        except (psycopg.Error, ProdparityError) as cause:
            self._lost = _said(cause)
            return ()

    def dirty(self) -> bool:
        """Was anything committed since the start, or since `enter`? Costs nothing while the server was not written to."""
        self._check()
        frame = self._frames[-1]
        try:
            if self._position() == frame.mark and not frame.net:
                return False
            return bool(self._read() or self._changed(frame))
        except (psycopg.Error, Unreadable) as cause:
            self._lost = _said(cause)
            raise self._gone() from cause

    def enter(self, *, older: Collection[int] = ()) -> tuple[str, ...]:
        """Make the present state the one that `undo` comes back to, until `leave`. A changed schema is taken up.

        Why `follow` could not lead another clone here, and `leave` not back; empty where they can.
        """
        self._check()
        frame = self._frames[-1]
        try:
            self._settled(older)
            lines, _ = self._stream.take()
            changed = self._changed(frame)
            frame.net.fold(lines, self._tables)
            if changed:
                frame.reasons += changed
                self._first = self._first or [self._reading]
                prepare.prepare(self._connection)
                self._sequences = Sequences.read(self._connection)
                self._bloat = Bloat.read(self._connection)
                self._look()
                self._late = []
            self._frames.append(self._frame())
        except (psycopg.Error, Unreadable) as cause:
            self._lost = _said(cause)
            raise self._gone() from cause
        return (*frame.reasons, *undo.stubborn(frame.net))

    def leave(self, *, older: Collection[int] = (), keep: bool = False) -> Undone:
        """Back to the state of the frame around the last `enter`; `keep`: only to that of `enter`, for a later `undo`."""
        inner = self.undo(older=older)
        mark = self._frames.pop().mark
        outer = self._frames[-1]
        if not inner:
            return inner
        if keep:
            outer.mark = mark
            return inner
        began = time.perf_counter()
        try:
            now = self._sequences.state(self._connection)
            reasons = (*outer.reasons, *undo.stubborn(outer.net))
            undone = Undone(done=False, reasons=reasons) if reasons else self._back(outer.net, outer, now, start=None)
        except (psycopg.Error, Unreadable) as cause:
            undone = Undone(done=False, reasons=(_said(cause),))
        if undone.done:
            outer.net = Net()
        else:
            self._lost = undone.reasons[0]
        seconds = inner.seconds + time.perf_counter() - began
        return replace(undone, rows=inner.rows + undone.rows, leaks=inner.leaks, seconds=seconds)

    def follow(self, other: Tracker, depth: int) -> None:
        """Write what was written before the first `depth` times that `other` entered; its database is another clone of
        the same template. It may be closed."""
        self._check()
        try:
            for outer, inner in pairwise(other._frames[: depth + 1]):
                if reasons := (*outer.reasons, *outer.net.unread):
                    raise Unreadable(reasons[0])
                now = self._sequences.state(self._connection)
                with self._connection.transaction():
                    undo.put_back(self._connection, outer.net.reverse(), start=None)
                self._stream.advance(self._run(self._sequences.back(inner.sequences, now)))
                self._frames[-1].net = outer.net
                self._frames.append(self._frame())
        except (psycopg.Error, Unreadable) as cause:
            self._lost = _said(cause)
            raise self._gone() from cause

    def close(self) -> None:
        """Stop following. Never raises."""
        with suppress(psycopg.Error):
            self._stream.close()
        self._slots.close()
        self._connection.close()

    def _look(self) -> None:
        """Read the catalogue."""
        prepare.published(self._connection)
        self._tables = tables(self._connection)
        self._catalogue = Catalogue.read(self._connection)
        self._known = True

    def _read_start(self, other: Tracker | None) -> None:
        """What must be known of the start; of the rest, what `other` knows."""
        self._number = prepare.database(self._connection)
        self._bloat = Bloat.read(self._connection)
        known = other._reading if other is not None else None  # noqa: SLF001
        if known is None:
            self._sequences = Sequences.read(self._connection)
        else:
            self._sequences, self._tables, catalogue = known
            self._catalogue = catalogue.of(self._number)
            self._known = True

    @property
    def _reading(self) -> Reading | None:
        """What another clone of the same template can take over."""
        if self._first:
            return self._first[0]
        return (self._sequences, self._tables, self._catalogue) if self._known and not self._late else None

    def _ready(self) -> None:
        """Once the catalogue is known. As long as nothing has written to it, it is still that of the start."""
        if not self._known:
            if Catalogue.stirred(self._connection, self._frames[0].mark):
                self._late = ["the schema was changed, or a temporary table made, before the schema was read"]
            self._look()

    def _changed(self, frame: Frame) -> list[str]:
        """What changed beside rows since the frame's start."""
        return self._late or self._catalogue.changed(self._connection, frame.mark) or []

    def _check(self) -> None:
        """Raises ProdparityError where the changes can no longer be followed."""
        if not self._lost:
            try:
                self._ready()
            except (psycopg.Error, ProdparityError) as cause:
                self._lost = _said(cause)
        if self._lost:
            raise self._gone()

    def _frame(self) -> Frame:
        """From here on."""
        mark = self._position()
        return Frame(mark=mark, sequences=self._sequences.state(self._connection))

    def _position(self) -> str:
        """Where the log stands."""
        row = self._connection.execute("SELECT pg_catalog.pg_current_wal_insert_lsn()::text", prepare=True).fetchone()
        assert row is not None
        return str(row[0])

    def _settled(self, older: Collection[int] = ()) -> tuple[tuple[Leak, ...], Survey]:
        """Once nothing is under way: what was, and what there is now."""
        spared = replace(self._spared, older=tuple(older))
        found = self._survey(spared)
        if not found.under_way:
            return (), found
        leaks = fence.clear(self._connection, self._number, spared, found.under_way)
        return tuple(leaks), self._survey(spared)

    def _survey(self, spared: fence.Spared) -> Survey:
        return fence.survey(self._connection, self._number, spared, self._sequences.query)

    def _read(self) -> Net:
        """All rows since the frame's start."""
        self._stream.look()
        return self._frames[-1].net.copy().fold(self._stream.peek()[0], self._tables)

    def _undo(self, frame: Frame, now: Survey, prove: bool | None, *, looked: bool, seen: Seen | None = None) -> Undone:
        if now.position == frame.mark and not frame.net:
            # Nothing was written on the whole server. Numbers of a sequence may have been: they are logged 32 ahead.
            back = self._sequences.back(frame.sequences, now.sequences)
            if back:
                frame.mark = self._run(back)
            return Undone(done=True, proven=True)
        self._ready()
        changed: list[str] | None
        if seen is not None and seen.frame is frame and seen.position == now.position:
            lines, position, changed = seen.lines, seen.position, seen.notes
        else:
            lines, position, changed = self._all(frame, now, looked=looked)
        net = frame.net.copy().fold(lines, self._tables)
        reasons = [*undo.stubborn(net), *(self._changed(frame) if changed is None else changed)]
        if reasons:
            return Undone(done=False, reasons=tuple(dict.fromkeys(reasons)), rows=net.lines)
        start = None if frame.net else frame.mark
        undone = self._back(net, frame, now.sequences, start=start, prove=prove, mark=position)
        if undone:
            frame.net = Net()
        return undone

    def _all(self, frame: Frame, now: Survey, *, looked: bool) -> tuple[list[str], str, list[str] | None]:
        """The decoded lines up to the survey's position at least, the log's position, and what changed beside rows."""
        if not looked:
            self._stream.look()
        changed = self._catalogue.changed(self._connection, frame.mark, now.position) if not self._late else self._late
        lines, position = self._stream.peek()
        while place(position) < place(now.position):
            # A look that began before nothing was under way any more.
            self._stream.look()
            lines, position = self._stream.peek()
        return lines, position, changed

    def _back(
        self,
        net: Net,
        frame: Frame,
        now: State,
        *,
        start: str | None,
        mark: str | None = None,
        prove: bool | None = None,
    ) -> Undone:
        """Take `net` back, and go on from there; `mark`: where that is if there is nothing to take back."""
        connection = self._connection
        touched = [rows.table for rows in net.rows.values() if rows.count]
        statements = undo.script(net)
        if statements is None:
            with connection.transaction():
                undo.put_back(connection, net, start=start)
        self._undone += 1
        back = self._sequences.back(frame.sequences, now)
        refresh = not self._undone % REFRESH and self.server.version >= 160000
        if touched or back or refresh or mark is None:
            mark = self._run(back, statements or (), refresh=refresh)
        proven = start is not None and net.lines <= PROVEN and (self._due(touched) if prove is None else prove)
        if proven:
            lines, mark = self._stream.take()
            if Net().fold(lines, self._tables):
                why = "after the undo the state is not the one of the start"
                return Undone(done=False, reasons=(why,), broken=True, rows=net.lines)
        elif net.lines or start is None or refresh:
            self._stream.advance(mark)
        frame.mark = self._position() if self._bloat.care(connection, touched) else mark
        return Undone(done=True, rows=net.lines, proven=proven)

    def _run(self, plain: Sequence[str], counted: Sequence[tuple[str, int]] = (), *, refresh: bool = False) -> str:
        """In one transaction and one round trip; where the log stands after it. Raises Unreadable for a wrong count."""
        statements = ["BEGIN", *plain, *(statement for statement, _ in counted), "COMMIT"]
        if refresh:
            statements.append("SELECT pg_catalog.pg_log_standby_snapshot()")
        statements.append("SELECT pg_catalog.pg_current_wal_insert_lsn()::text")
        connection = self._connection
        cursor = connection.execute("; ".join(statements).encode(connection.info.encoding), prepare=False)
        found = []
        while cursor.nextset():
            found.append(cursor.rowcount)
        for (_, wanted), number in zip(counted, found[len(plain) :], strict=False):
            if number != wanted:
                raise Unreadable(f"{number} of {wanted} rows were taken back")
        row = cursor.fetchone()
        assert row is not None
        return str(row[0])

    def _due(self, touched: list[Table]) -> bool:
        first = False
        for table in touched:
            count = self._proofs[table.oid] = self._proofs.get(table.oid, 0) + 1
            first = first or count <= FIRST
        return first or (bool(touched) and self._undone % SAMPLE == 0)

    def _gone(self) -> ProdparityError:
        return ProdparityError(
            f"The changes of the database {self.database} can no longer be followed: {self._lost}.",
            fix="go on with a fresh clone",
        )


def _said(cause: Exception) -> str:
    """One line without values: PostgreSQL's details quote rows."""
    if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
        return "the connection to the server was lost"
    if isinstance(cause, psycopg.Error):
        return f"PostgreSQL refused: {cause.diag.message_primary or type(cause).__name__}"
    return str(cause)
