"""After the rows: indexes and keys, statistics, foreign keys, sequences."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from ..core.errors import ProdparityError
from ..databases import schema
from ..databases.provider import Server
from ..databases.statements import Statement
from .layout import Layout, Reference, reference
from .refit import Refit

_INDEX = re.compile(
    r"CREATE\s+(UNIQUE\s+)?INDEX\b|ALTER\s+TABLE\s[\s\S]*\sADD\s+(CONSTRAINT\s[\s\S]*\s)?(PRIMARY\s+KEY|UNIQUE|EXCLUDE)\b",
    re.IGNORECASE,
)
_ATTACH = re.compile(r"ALTER\s+INDEX\s[\s\S]*\sATTACH\s+PARTITION\b", re.IGNORECASE)
_FOREIGN = re.compile(r"ALTER\s+TABLE\s[\s\S]*\sADD\s+(CONSTRAINT\s[\s\S]*\s)?FOREIGN\s+KEY\b", re.IGNORECASE)
_TABLE = re.compile(
    r"(?:\sON|ALTER\s+TABLE)\s+(?:ONLY\s+)?((?:\"(?:[^\"]|\"\")+\"|[\w$]+)(?:\.(?:\"(?:[^\"]|\"\")+\"|[\w$]+))?)",
    re.IGNORECASE,
)

_SEQUENCES = """
SELECT u.sequence::regclass::text, u.relation::regclass::text, a.attname, s.seqincrement, s.seqmin, s.seqmax FROM (
    SELECT objid AS sequence, refobjid AS relation, refobjsubid AS number FROM pg_catalog.pg_depend
        WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    UNION
    SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_attrdef AS f ON f.oid = d.objid
        WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
) AS u
JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = u.sequence
JOIN pg_catalog.pg_class AS c ON c.oid = u.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = u.relation AND a.attnum = u.number AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid AND t.typcategory = 'N'
ORDER BY 1, 2, 3
"""

MOST_LOST = 0.2
"""A larger share of a table's rows is never left out: the build fails instead."""
FEW = 10
"""So many rows may be left out of a small table."""
MOST_ADOPTED = 200
"""So often a foreign key is made again, since rows below it were left out."""
CONNECTIONS = 2
"""At once, for indexes and foreign keys."""


_MENDED = (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation, psycopg.errors.ForeignKeyViolation)
"""What changed rows may put right."""


class Finish:
    """What `schema.sql` does after the tables, in the order that is fastest and still proves each constraint."""

    def __init__(
        self, dsn: str, server: Server, later: Sequence[Statement], connection: psycopg.Connection[Any]
    ) -> None:
        self._dsn, self._server, self._later, self._connection = dsn, server, later, connection
        self._detached: list[Statement] = []
        self.left_out: dict[str, int] = {}
        """Rows that no repair could save, by table as SQL writes it."""
        self._references: dict[str, list[Reference]] = {}

    def detach(self) -> None:
        """Foreign keys that the tables were made with are taken off, and put back at the end: parents come in any order."""
        rows = self._connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
            " WHERE contype = 'f' AND conparentid = 0 ORDER BY oid"
        ).fetchall()
        for table, name, definition in rows:
            target, constraint = sql.SQL(table), sql.Identifier(name)  # regclass has quoted it
            self._connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(target, constraint))
            again = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(target, constraint, sql.SQL(definition))
            self._detached.append(Statement(text=again.as_string(self._connection), line=0))

    def complete(self, progress: Callable[[int, int, str], None], total: int) -> None:
        """All of it. Raises ProdparityError for the constraint that does not hold."""
        indexes = [one for one in self._later if _INDEX.match(one.text)]
        foreign = [*self._detached, *(one for one in self._later if _FOREIGN.match(one.text))]
        attached = [one for one in self._later if _ATTACH.match(one.text)]
        for one in foreign:
            found, table = reference(one.text), _TABLE.search(one.text)
            if found is not None and table is not None:
                self._references.setdefault(table[1], []).append(found)
        others = [one for one in self._later if not any(one in known for known in (indexes, foreign, attached))]
        progress(total, total, "indexes")
        self._together(indexes)
        # a partitioned key is one only with all its parts
        for statement in attached:
            self._run(statement)
        progress(total, total, "statistics")
        # as in production, where pages are known to be visible; and no test's first query writes hint bits
        self._connection.execute("VACUUM (ANALYZE)")
        progress(total, total, "foreign keys")
        self._together(foreign)
        for statement in others:
            self._run(statement)
        self._sequences()

    def _together(self, statements: Sequence[Statement]) -> None:
        """Over several connections; each table's own stay in order, for production's order of indexes decides plans.

        What is refused, and what comes after it for the same table, waits: rows are changed by one after the other, in
        the order of the statements, so that the same rows come out each time.
        """
        queues: dict[str, list[int]] = {}
        for at, one in enumerate(statements):
            found = _TABLE.search(one.text)
            queues.setdefault(found[1] if found else "", []).append(at)
        waiting, lock = list(queues.values()), threading.Lock()
        failed: list[BaseException] = []
        refused: list[int] = []

        def run(connection: psycopg.Connection[Any]) -> None:
            while True:
                with lock:
                    if not waiting or failed:
                        return
                    queue = waiting.pop(0)
                try:
                    for place, at in enumerate(queue):
                        if self._refused(connection, statements[at]) is not None:
                            refused.extend(queue[place:])
                            break
                except BaseException as cause:  # noqa: BLE001  # raised again in the caller's thread
                    failed.append(cause)

        if len(waiting) < 2:
            run(self._connection)
        else:
            with psycopg.connect(self._dsn, autocommit=True) as second:
                self._ready(second)
                other = threading.Thread(target=run, args=(second,), daemon=True)
                other.start()
                run(self._connection)
                other.join()
        if failed:
            raise failed[0]
        for at in sorted(refused):
            self._run(statements[at])

    def _ready(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("SET search_path = ''; SET synchronous_commit = off; SET client_min_messages = warning")
        if self._server.kind != "external":
            schema.become_loader(connection)

    def _refused(
        self, connection: psycopg.Connection[Any], statement: Statement
    ) -> psycopg.errors.IntegrityError | None:
        """Why rows must be changed before the statement can be run; None where it was run."""
        for attempt in range(5):
            try:
                connection.execute("SET maintenance_work_mem = '256MB'")
                connection.execute(statement.text.encode())
            except psycopg.errors.DeadlockDetected:
                if attempt == 4:
                    raise
            except psycopg.errors.DuplicateSchema:
                return None
            except _MENDED as cause:
                return cause
            except psycopg.errors.IntegrityError as cause:
                raise _broken(statement, cause) from cause
            except psycopg.Error as cause:
                raise schema.failed(statement, cause, self._server) from cause
            else:
                return None
        return None

    def _run(self, statement: Statement) -> None:
        """Run it, and change rows where it must be so; nothing else is running."""
        refused = self._refused(self._connection, statement)
        if refused is None:
            return
        mend = self._adopt if isinstance(refused, psycopg.errors.ForeignKeyViolation) else self._refit
        try:
            mend(self._connection, statement, refused)
        except psycopg.errors.IntegrityError as again:
            raise _broken(statement, again) from again

    def _refit_of(self, connection: psycopg.Connection[Any], table: str) -> Refit:
        lineage = Layout(connection, table).lineage
        referred = {
            name for known in self._references.values() for one in known if one.parent in lineage for name in one.theirs
        }
        own = [one for name in sorted(lineage) for one in self._references.get(name, ())]
        return Refit(connection, table, own, referred)

    def _refit(self, connection: psycopg.Connection[Any], statement: Statement, broken: psycopg.Error) -> None:
        """Make the index or key with rows that fit; what does not is changed, or left out."""
        found = _TABLE.search(statement.text)
        if found is None:
            raise _broken(statement, broken) from broken
        kept, lost = self._refit_of(connection, found[1]).index(statement.text)
        if not kept:
            raise _broken(statement, broken) from broken
        self._lose(connection, found[1], lost, statement, broken)

    def _lose(
        self, connection: psycopg.Connection[Any], table: str, lost: int, statement: Statement, broken: psycopg.Error
    ) -> None:
        """Rows that are left out are counted; raises ProdparityError where they are too many."""
        if not lost:
            return
        self.left_out[table] = total = self.left_out.get(table, 0) + lost
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(Layout(connection, table).rows)).fetchone()
        kept = int(row[0]) if row else 0
        if total > max(FEW, MOST_LOST * (kept + total)):
            raise _broken(statement, broken) from broken

    def _adopt(self, connection: psycopg.Connection[Any], statement: Statement, broken: psycopg.Error) -> None:
        """Rows whose parents were left out get others, or none, or are left out too; and so on to those below them."""
        waiting = [statement.text]
        for _ in range(MOST_ADOPTED):
            if not waiting:
                return
            text = waiting.pop(0)
            try:
                connection.execute(text.encode())
                continue
            except psycopg.errors.ForeignKeyViolation as cause:
                broken = cause
            found, table = reference(text), _TABLE.search(text)
            if found is None or table is None:
                break
            lost, again = self._refit_of(connection, table[1]).parents(found)
            self._lose(connection, table[1], lost, Statement(text=text, line=0), broken)
            connection.execute(text.encode())
            waiting += [one.as_string(connection) for one in again]
        raise _broken(statement, broken) from broken

    def _sequences(self) -> None:
        """Each sequence goes on after the greatest value of the columns that it is for, or that it is a default of."""
        last: dict[str, int] = {}
        for sequence, table, column, increment, low, high in self._connection.execute(_SEQUENCES).fetchall():
            query = sql.SQL("SELECT {}({}) FROM {}").format(
                sql.SQL("max" if increment > 0 else "min"), sql.Identifier(column), sql.SQL(table)
            )
            row = self._connection.execute(query).fetchone()
            found = int(row[0]) if row and row[0] is not None else None
            if found is not None and low <= found <= high:
                best = max if increment > 0 else min
                last[sequence] = best(found, last.get(sequence, found))
        for sequence, value in last.items():
            self._connection.execute("SELECT pg_catalog.setval(%s::regclass, %s)", [sequence, value])


def _broken(statement: Statement, cause: psycopg.Error) -> ProdparityError:
    table = ".".join(part for part in (cause.diag.schema_name, cause.diag.table_name) if part) or "a table"
    detail = f" {cause.diag.message_detail}" if cause.diag.message_detail else ""
    first = next((part.strip() for part in statement.text.splitlines()[::-1] if part.strip()), "")
    return ProdparityError(
        f"{table}: the generated rows break {cause.diag.constraint_name or 'a constraint'}:"
        f" {cause.diag.message_primary}.{detail}",
        tried=f"The statement: {first[:200]}",
        fix="rows = 0 for tests on an empty schema, or rows for this table alone: rows={'table': 0} in the marker",
    )
