"""DDL on the twin, inside a transaction that is always rolled back: what-ifs, and statements that need a test's DDL.

CREATE INDEX would read the table's file, on the twin gigabytes of empty pages. So for the moment of the DDL the table is
lent another, short file (`pg_class.relfilenode`, changed in the same transaction, seen by nobody else) that holds a
copy of its first page, where the end rows are; then it gets its own back. A new index gets the size and height that it would
have in production.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import pq, sql

from ..databases.provider import Server
from ..wire.trip import Parameter
from . import btree, ddl, explain, index_size, roles, statistics
from .pages import BLOCK, Pages, open_pages
from .plan import CannotTell, Plan

LOCK_TIMEOUT_MS = 2_000
STATEMENT_TIMEOUT_MS = 5_000

_AFFECTED = """
WITH RECURSIVE tree AS (
    SELECT to_regclass(%s)::oid AS oid
    UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON i.inhparent = tree.oid)
SELECT c.oid::int8, c.relfilenode::int8, pg_relation_filepath(c.oid), c.relpages, c.reltuples, c.relallvisible
FROM tree JOIN pg_class AS c USING (oid) WHERE c.relkind IN ('r', 'm') ORDER BY c.oid
"""
_INDEXES = """
SELECT x.indexrelid::int8, c.relfilenode::int8 FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
WHERE x.indrelid = ANY (%s)
"""
_NEW_INDEX = """
SELECT n.nspname, c.relname, a.amname, pg_relation_filepath(c.oid), x.indrelid::regclass::text,
    pg_get_expr(x.indpred, x.indrelid), pg_relation_size(x.indrelid) / 8192,
    ARRAY(SELECT pg_get_indexdef(c.oid, k, false) FROM generate_series(1, x.indnkeyatts) AS k)
FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_am AS a ON a.oid = c.relam
WHERE c.oid = %s AND c.relkind = 'i'
"""
_WIDTHS = """
SELECT CASE WHEN k.attlen > 0 THEN k.attlen ELSE coalesce((
        SELECT max(s.stawidth) FROM pg_statistic AS s
        WHERE s.starelid = x.indrelid AND s.staattnum = x.indkey[k.attnum - 1] AND NOT s.stainherit), 32) END,
    CASE WHEN k.attlen = -1 THEN 1 ELSE (CASE k.attalign WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END) END
FROM pg_index AS x JOIN pg_attribute AS k ON k.attrelid = x.indexrelid WHERE x.indexrelid = %s ORDER BY k.attnum
"""

INSTALL = """
CREATE SCHEMA {schema};
CREATE FUNCTION {schema}.lend(target oid, loan oid) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog AS $$
    UPDATE pg_class SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = loan) WHERE oid = target $$;
CREATE FUNCTION {schema}.give_back(target oid, file oid, pages int, tuples real, visible int) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE pg_class SET relfilenode = file, relpages = pages, reltuples = tuples, relallvisible = visible
    WHERE oid = target $$;
CREATE FUNCTION {schema}.use(index oid, valid boolean) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog AS $$ UPDATE pg_index SET indisvalid = valid WHERE indexrelid = index $$;
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA {schema} FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner};
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {schema} TO {owner};
"""
SCHEMA = "prodparity_twin"


class _Untold(Exception):  # a reason on its way out, not an error
    """Why a DDL statement cannot be replayed."""


class Replay:
    """The connection for DDL, as the role that owns the twin's tables."""

    def __init__(self, server: Server, database: str) -> None:
        owner = roles.owner(database)
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        self._planner = roles.planner(database)
        self._connection = psycopg.connect(
            server.dsn(database, user=owner, password=roles.password(server, owner)),
            autocommit=True,
            prepare_threshold=None,
            options=f"{options} -c client_min_messages=error -c client_encoding=UTF8",
            application_name="prodparity twin",
        )
        self._superuser = psycopg.connect(server.dsn(database), autocommit=True)
        self._pages: Pages = open_pages(server, self._superuser)

    def close(self) -> None:
        """Leave the server."""
        self._connection.close()
        self._superuser.close()

    def plan(
        self,
        statement: str,
        parameters: Sequence[Parameter] | None,
        before: Sequence[str],
        settings: Mapping[str, str],
    ) -> Plan | CannotTell:
        """The statement's plan after `before`; nothing of it stays."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            for text in before:
                self._execute(ddl.parse(text))
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self._planner)))
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, true)", (name, value))
            connection.execute("SET TRANSACTION READ ONLY")
            return explain.ask(connection.pgconn, statement, parameters, guarded=False)
        except _Untold as why:
            return CannotTell(str(why))
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
            return CannotTell("a schema change before it took too long to replay on the twin")
        except psycopg.OperationalError:
            raise
        except psycopg.Error as cause:
            return CannotTell(f"a schema change before it could not be replayed: {cause.diag.message_primary}")
        finally:
            if not connection.closed:
                connection.execute("ROLLBACK")
                connection.execute("DEALLOCATE ALL")

    def _execute(self, change: ddl.Change) -> None:
        if change.refused is not None:
            raise _Untold(change.refused)
        if change.ignored:
            return
        affected = self._connection.execute(_AFFECTED, (change.table,)).fetchall() if change.table else []
        oids = [row[0] for row in affected]
        known: dict[int, int] = dict(self._connection.execute(_INDEXES, (oids,)).fetchall()) if oids else {}
        loans = [self._lend(row, number, filled=change.index) for number, row in enumerate(affected)]
        # The extended protocol takes one statement only, whatever the text says.
        result = self._connection.pgconn.exec_params(change.text.encode(), None)
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            said = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"no reason given").decode()
            raise _Untold(f"a schema change before it could not be replayed: {said}")
        for row, loan in zip(affected, loans, strict=True):
            self._give_back(row, loan)
        for oid, file in self._connection.execute(_INDEXES, (oids,)).fetchall() if oids else ():
            if oid not in known:
                self._size(oid)
            elif known[oid] != file:
                raise _Untold(f"{change.table} is rewritten by a schema change before it; its new size is not known")

    def _lend(self, row: Sequence[Any], number: int, *, filled: bool) -> int:
        oid, _, file, *_ = row
        loan = f"{SCHEMA}.loan_{oid}_{number}"
        self._connection.execute(f"DROP TABLE IF EXISTS {loan}; CREATE TABLE {loan} ()".encode())
        made = self._connection.execute(
            "SELECT oid::int8, relfilenode::int8, pg_relation_filepath(oid) FROM pg_class WHERE oid = %s::regclass",
            (loan,),
        ).fetchone()
        assert made is not None
        if filled:
            page = self._pages.read([file], 1)[file]
            if page:
                self._pages.write({(made[2], 0): page}, {})
        self._connection.execute(f"SELECT {SCHEMA}.lend(%s::oid, %s::oid)".encode(), (oid, made[0]))
        return int(made[1])

    def _give_back(self, row: Sequence[Any], loan: int) -> None:
        oid, file, _, pages, tuples, visible = row
        now = self._connection.execute("SELECT relfilenode::int8 FROM pg_class WHERE oid = %s", (oid,)).fetchone()
        if now is None:
            return
        if now[0] != loan:
            raise _Untold("a schema change before it rewrites the table; its new size is not known")
        self._connection.execute(
            f"SELECT {SCHEMA}.give_back(%s::oid, %s::oid, %s::int, %s::real, %s::int)".encode(),
            (oid, file, pages, tuples, visible),
        )

    def _size(self, oid: int) -> None:
        """A new index as large and as high as production's would be."""
        row = self._connection.execute(_NEW_INDEX, (oid,)).fetchone()
        if row is None:
            return
        schema, name, method, file, table, predicate, table_pages, expressions = row
        # While its size is being estimated the planner must not see it: it would keep the height that it finds.
        self._use(oid, valid=False)
        keys = [index_size.Key(width=width, align=align) for width, align in self._connection.execute(_WIDTHS, (oid,))]
        rows = self._rows(table, predicate)
        changes: dict[tuple[str, int], bytes] = {}
        if method == "btree":
            head = self._pages.read([file], 2)[file]
            shared = index_size.shares_entries(head)
            distinct = self._rows(table, predicate, expressions) if shared else rows
            pages, height = index_size.btree_pages(rows=rows, distinct=distinct, keys=keys, shared=shared)
            for block, page in btree.skeleton(head[:BLOCK], head[BLOCK:] or None, height).items():
                changes[file, block] = page
        elif method == "hash":
            pages = index_size.hash_pages(rows=rows)
        elif method == "brin":
            pages = index_size.brin_pages(table_pages=table_pages, keys=keys)
        else:
            raise _Untold(f"the size of a new {method} index cannot be estimated")
        self._pages.write(changes, {file: pages * BLOCK})
        statistics.restore_relation(self._connection, schema, name, pages=pages, tuples=rows)
        self._use(oid, valid=True)

    def _use(self, oid: int, *, valid: bool) -> None:
        self._connection.execute(f"SELECT {SCHEMA}.use(%s::oid, %s)".encode(), (oid, valid))

    def _rows(self, table: str, predicate: str | None, groups: Iterable[str] = ()) -> float:
        """The planner's own estimate. All texts are the server's, deparsed and quoted."""
        text = f"SELECT FROM ONLY {table}"
        if predicate:
            text += f" WHERE {predicate}"
        if groups:
            text += f" GROUP BY {', '.join(groups)}"
        answer = explain.ask(self._connection.pgconn, text, (), guarded=False)
        if isinstance(answer, CannotTell):
            raise _Untold(f"the size of a new index cannot be estimated: {answer.reason}")
        return answer.root.rows
