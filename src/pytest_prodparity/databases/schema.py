"""production's schema.sql -> an empty database of that shape, owned by the test role."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ..core.errors import ProdparityError
from ..profile.model import Extension
from ..profile.store import Stored
from . import roles
from .delta.prepare import prepared
from .provider import Server
from .statements import Statement, split

GENERATION = 3
"""Raised whenever the same schema.sql makes another database: kept templates are then built anew."""

LOADER = "prodparity_loader"
"""A superuser that nobody can log in as: what it creates is then handed to the test role, what cannot be stays with us."""

_SKIPPED = re.compile(
    r"(CREATE|ALTER|COMMENT\s+ON)\s+(SUBSCRIPTION|PUBLICATION)\b|CREATE\s+EXTENSION\b|COMMENT\s+ON\s+EXTENSION\b"
    r"|(ALTER|CREATE|DROP)\s+(DATABASE|TABLESPACE)\b"
    r"|ALTER\s+(?!DEFAULT\b)[\s\S]*\sOWNER\s+TO\s+\S+$",
    re.IGNORECASE,
)
"""Replication would speak to production; extensions are made before; owners and databases are ours."""

_SET = re.compile(r"SET\s+(?:SESSION\s+|LOCAL\s+)?(\w+)\s*(?:=|TO)", re.IGNORECASE)
_ROLE = re.compile(
    r"""^(?:CREATE\s+POLICY\b[\s\S]*?\sTO\s+(?P<policy>(?:"(?:[^"]|"")+"|[\w$]+)(?:\s*,\s*(?:"(?:[^"]|"")+"|[\w$]+))*)
       |(?:GRANT|REVOKE)\b[\s\S]*\s(?:TO|FROM)\s+(?P<grant>(?:"(?:[^"]|"")+"|[\w$]+)(?:\s*,\s*(?:"(?:[^"]|"")+"|[\w$]+))*)
         (?:\s+WITH\s[\s\S]*|\s+CASCADE|\s+GRANTED\s+BY\s[\s\S]*)?$
       |ALTER\s+DEFAULT\s+PRIVILEGES\s+FOR\s+(?:ROLE|USER)\s+(?P<default>"(?:[^"]|"")+"|[\w$]+))""",
    re.IGNORECASE | re.VERBOSE,
)
_LATER = re.compile(
    r"CREATE\s+(?:UNIQUE\s+)?INDEX\b|ALTER\s+INDEX\b|CREATE\s+(?:CONSTRAINT\s+)?TRIGGER\b|CREATE\s+EVENT\s+TRIGGER\b"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?RULE\b|CREATE\s+POLICY\b|CREATE\s+STATISTICS\b|ALTER\s+STATISTICS\b|REFRESH\b"
    r"|COMMENT\s+ON\s+(?:INDEX|CONSTRAINT|TRIGGER|RULE|POLICY|STATISTICS|EVENT)\b"
    r"|ALTER\s+TABLE\s[\s\S]*?\s(?:ADD\s+(?:CONSTRAINT|PRIMARY|UNIQUE|FOREIGN|EXCLUDE|CHECK)\b|ROW\s+LEVEL\s+SECURITY\b"
    r"|REPLICA\s+IDENTITY\b|CLUSTER\s+ON\b|(?:ENABLE|DISABLE)\s+(?:ALWAYS\s+|REPLICA\s+)?(?:TRIGGER|RULE)\b|VALIDATE\b)",
    re.IGNORECASE,
)
"""What tables are better loaded without; pg_dump writes it after the data."""

_NOT_ROLES = {"public", "current_user", "current_role", "session_user"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What was done to the letter, and what could not be."""

    statements: int
    notes: tuple[str, ...] = ()


def load(
    server: Server,
    database: str,
    text: str,
    *,
    extensions: Sequence[Extension] = (),
    used: Collection[str] = (),
    rest: Callable[[list[Statement]], None] | None = None,
) -> Loaded:
    """Run `text` in the empty `database`; afterwards the test role owns everything in it.

    `used`: names of extensions that must be there; others may be missing, with a note, as long as no statement fails.
    `rest`: is given what comes after the tables, such as keys, indexes and triggers, and has to run it, between filling
    the tables and the end. Raises ProdparityError that names the missing extensions, or the failing statement with its line.
    """
    ours = server.kind != "external"
    with closing(psycopg.connect(server.dsn(database), autocommit=True)) as connection:
        connection.execute("SELECT set_config('synchronous_commit', 'off', false)")
        known = {row[0] for row in connection.execute("SELECT name FROM pg_catalog.pg_settings")}
        available = {row[0] for row in connection.execute("SELECT name FROM pg_catalog.pg_available_extensions")}
        missing = [one.name for one in extensions if one.name not in available]
        if set(missing) & set(used):
            raise _lacks(server, [name for name in missing if name in used], tried="Looked in: pg_available_extensions")
        _extend(connection, server, extensions, missing)
        statements = [one for one in split(text) if not _SKIPPED.match(one.text) and not _unknown_setting(one, known)]
        if ours:
            roles.ensure_named(connection, mentioned(statements))
            become_loader(connection)
        later = [one for one in statements if _is_later(one)] if rest is not None else []
        statements = [one for one in statements if one not in later] if later else statements
        for statement in statements if not _at_once(connection, statements) else ():
            try:
                connection.execute(statement.text.encode())
            except psycopg.errors.DuplicateSchema:
                continue  # it was made for an extension, or comes with every database
            except psycopg.Error as cause:
                if missing:
                    raise _lacks(server, missing, tried=failed(statement, cause, server).happened) from cause
                raise failed(statement, cause, server) from cause
        if rest is not None:
            rest(later)
        if ours:
            _hand_over(connection, roles.ensure(connection, server).user)
        unfilled = _populate(connection)
    notes = [f"the extension {name} is not available here; nothing in the schema needed it" for name in missing]
    return Loaded(statements=len(statements) + len(later), notes=(*notes, *unfilled))


def _populate(connection: psycopg.Connection) -> list[str]:
    """Materialised views, which a dump leaves unreadable, from their empty tables; oldest first, as they build on each other."""
    notes = []
    query = (
        "SELECT oid::regclass::text FROM pg_catalog.pg_class WHERE relkind = 'm' AND NOT relispopulated ORDER BY oid"
    )
    for (name,) in connection.execute(query).fetchall():
        try:
            connection.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(sql.SQL(name)))  # regclass has quoted it
        except psycopg.Error as cause:
            notes.append(f"the materialised view {name} could not be filled: {cause.diag.message_primary or cause}")
    return notes


def _is_later(statement: Statement) -> bool:
    return _LATER.match(statement.text) is not None


def load_schema(server: Server, dsn: str, stored: Stored) -> None:
    """`load` for a template's `build`: the profile's schema into the database that `dsn` names, ready for the delta."""
    database = str(conninfo_to_dict(dsn)["dbname"])
    load(server, database, stored.schema, extensions=stored.profile.extensions)
    prepared(server, database)


def _at_once(connection: psycopg.Connection, statements: Sequence[Statement]) -> bool:
    """All statements in one round trip and one transaction, which is twice as fast; False, and nothing done, if one fails."""
    try:
        connection.execute("\n;\n".join(statement.text for statement in statements).encode())
    except psycopg.Error:
        return False
    return True


def mentioned(statements: Sequence[Statement]) -> list[str]:
    """Roles that policies, grants and default privileges name."""
    names: dict[str, None] = {}
    for statement in statements:
        found = _ROLE.match(statement.text)
        listed = found and (found["policy"] or found["grant"] or found["default"])
        for name in re.findall(r'"(?:[^"]|"")+"|[^\s,]+', listed or ""):
            plain = name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
            if plain not in _NOT_ROLES:
                names[plain] = None
    return list(names)


def _extend(
    connection: psycopg.Connection, server: Server, extensions: Sequence[Extension], missing: list[str]
) -> None:
    present = {row[0] for row in connection.execute("SELECT extname FROM pg_catalog.pg_extension")}
    for one in (one for one in extensions if one.name not in missing and one.name not in present):
        schema = sql.Identifier(one.schema)
        try:
            if one.schema not in ("pg_catalog", "public"):
                connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE").format(sql.Identifier(one.name), schema)
            )
        except psycopg.errors.InvalidParameterValue:  # it insists on a schema of its own
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(sql.Identifier(one.name)))
        except psycopg.errors.InsufficientPrivilege as cause:
            raise ProdparityError(
                f"{server.user!r} may not create the extension {one.name!r}.",
                fix=f"have it installed in template1 by a superuser: CREATE EXTENSION {one.name}",
            ) from cause


def _lacks(server: Server, missing: Sequence[str], *, tried: str) -> ProdparityError:
    major, plural = server.version // 10000, "s" if len(missing) > 1 else ""
    return ProdparityError(
        f"Production's schema needs the extension{plural} {', '.join(missing)},"
        f" which this PostgreSQL {major} ({server.kind}) does not have.",
        tried=tried,
        fix=f'[tool.prodparity] image = "an-image-that-has-{missing[0]}" with --parity-database=docker, '
        "or --parity-database=URL of a server that has it",
    )


def _unknown_setting(statement: Statement, known: set[str]) -> bool:
    """A newer pg_dump sets what an older server does not know, such as `transaction_timeout`."""
    found = _SET.match(statement.text)
    return found is not None and found[1].lower() not in known | {"session", "role", "time"}


def become_loader(connection: psycopg.Connection) -> None:
    """What this connection makes from now on belongs to LOADER, and is handed over at the end of `load`."""
    found = connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [LOADER]).fetchone()
    if found is None:
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):  # another process was faster
            connection.execute(sql.SQL("CREATE ROLE {} SUPERUSER NOLOGIN").format(sql.Identifier(LOADER)))
    connection.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(LOADER)))


def _hand_over(connection: psycopg.Connection, owner: str) -> None:
    """Everything to the test role; what only a superuser may own stays with one; nothing points to other machines."""
    connection.execute("RESET ALL; RESET SESSION AUTHORIZATION")
    for kind, query in (
        ("EVENT TRIGGER", "SELECT evtname FROM pg_catalog.pg_event_trigger"),
        ("FOREIGN DATA WRAPPER", "SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper"),
    ):
        for (name,) in connection.execute(query.encode()).fetchall():
            connection.execute(sql.SQL("ALTER {} {} OWNER TO CURRENT_USER").format(sql.SQL(kind), sql.Identifier(name)))
    for name, wanted in connection.execute(
        "SELECT srvname, coalesce(srvoptions, '{}') FROM pg_catalog.pg_foreign_server"
    ).fetchall():
        present = {entry.partition("=")[0] for entry in wanted}
        changes: list[sql.Composable] = [
            sql.SQL("{} {} {}").format(
                sql.SQL("SET" if key in present else "ADD"), sql.Identifier(key), sql.Literal(value)
            )
            for key, value in (("host", "127.0.0.1"), ("port", "1"))
            if present & {"host", "hostaddr", "port"}
        ]
        if "hostaddr" in present:
            changes.append(sql.SQL("DROP hostaddr"))
        if changes:
            connection.execute(
                sql.SQL("ALTER SERVER {} OPTIONS ({})").format(sql.Identifier(name), sql.SQL(", ").join(changes))
            )
    connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(LOADER), sql.Identifier(owner)))
    schemas = connection.execute(
        "SELECT nspname, nspowner = current_user::regrole FROM pg_catalog.pg_namespace"
        " WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'"
    ).fetchall()
    for name, is_ours in schemas:
        form = "ALTER SCHEMA {} OWNER TO {}" if is_ours else "GRANT ALL ON SCHEMA {} TO {}"
        connection.execute(sql.SQL(form).format(sql.Identifier(name), sql.Identifier(owner)))


def failed(statement: Statement, cause: psycopg.Error, server: Server) -> ProdparityError:
    """A statement of schema.sql that the server refuses, with its line."""
    position = int(cause.diag.statement_position or 1)
    line = statement.line + statement.text.count("\n", 0, position - 1)
    first = next((part.strip() for part in statement.text.splitlines() if part.strip()), "")
    hint = f" Hint: {cause.diag.message_hint}" if cause.diag.message_hint else ""
    return ProdparityError(
        f"schema.sql, line {line}: {cause.diag.message_primary or cause}.{hint}",
        tried=f"The statement: {first[:120]} (on PostgreSQL {server.version // 10000}, {server.kind})",
        fix="capture again with this version of prodparity, or correct schema.sql",
    )
