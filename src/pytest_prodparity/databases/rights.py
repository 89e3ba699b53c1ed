"""Production's application role in a test's database: its memberships, grants, ownership and settings. Nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress

import psycopg
from psycopg import sql

from ..core.errors import UsageError
from ..core.suggest import closest
from ..profile.model import Profile, Role
from . import roles
from .acl import Access, parsed
from .provider import Server

SETTINGS = (
    "search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout",
    "idle_session_timeout", "default_transaction_isolation", "default_transaction_read_only",
    "default_transaction_deferrable", "row_security", "TimeZone", "DateStyle", "IntervalStyle", "bytea_output",
    "array_nulls", "backslash_quote", "standard_conforming_strings", "escape_string_warning", "extra_float_digits",
    "default_text_search_config", "transform_null_equals", "xmlbinary", "xmloption", "check_function_bodies",
)  # fmt: skip
"""What changes how the code's statements behave; what changes plans is the twin's."""

_OBJECTS = """
    SELECT 'schema' AS kind, n.nspname::text AS name, pg_catalog.quote_ident(n.nspname) AS shown, true AS apart
        FROM pg_catalog.pg_namespace n
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname || '.' || c.relname, c.oid::regclass::text,
        NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass
            AND d.deptype IN ('a', 'i', 'e'))
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S')
    UNION ALL
    SELECT 'function', n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
        p.oid::regprocedure::text,
        NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.oid >= 16384
"""
"""`shown` is quoted by the server; `apart`: it may have an owner of its own."""
_WORDS = {"schema": "SCHEMA", "table": "TABLE", "sequence": "SEQUENCE", "function": "ROUTINE"}


def known(profile: Profile, name: str) -> Role:
    """The role as production has it; raises UsageError where the profile has none of that name."""
    found = next((role for role in profile.roles if role.name == name), None)
    if found is None:
        names = [role.name for role in profile.roles]
        raise UsageError(
            f"[tool.prodparity] role = {name!r}: the profile has no such role{closest(name, names)}.",
            fix=f"use one of {', '.join(names) or 'none'}, or capture again with --role {name}",
        )
    return found


def closure(profile: Profile, name: str) -> list[Role]:
    """The role and all that it is a member of, itself first."""
    by_name = {role.name: role for role in profile.roles}
    found: dict[str, Role] = {}
    left = [name]
    while left:
        one = left.pop(0)
        if one in by_name and one not in found:
            found[one] = by_name[one]
            left += by_name[one].member_of
    return list(found.values())


def entitle(server: Server, database: str, profile: Profile, name: str) -> list[str]:
    """Let `name` do in `database` what production lets it do; what could not be done. `server` has a superuser.

    The owner of tests' databases becomes a member of the role, so that it may do whatever the role may.
    """
    notes: list[str] = []
    with closing(psycopg.connect(server.dsn(database), autocommit=True)) as connection:
        connection.execute("SELECT set_config('search_path', '', false)")
        ours = closure(profile, name)
        _make(connection, server, ours, name)
        statements = list(_granted(connection, profile, {role.name for role in ours}))
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement)
        except psycopg.Error:
            for statement in statements:
                try:
                    connection.execute(statement)
                except psycopg.Error as cause:
                    notes.append(f"of production's rights of {name}: {cause.diag.message_primary or cause}")
        notes += _set(connection, profile, name, database)
    return notes


def _make(connection: psycopg.Connection, server: Server, ours: Sequence[Role], name: str) -> None:
    roles.ensure_named(connection, [role.name for role in ours if role.name != name])
    roles.ensure_login(connection, roles.named(name))
    who = sql.Identifier(name)
    role = ours[0]
    words = [
        sql.SQL("BYPASSRLS" if role.bypass_rls else "NOBYPASSRLS"),
        sql.SQL("INHERIT" if role.inherits else "NOINHERIT"),
    ]
    with suppress(psycopg.errors.InternalError_):  # another process does the same
        connection.execute(
            sql.SQL("ALTER ROLE {} NOSUPERUSER NOCREATEROLE NOCREATEDB {}").format(who, sql.SQL(" ").join(words))
        )
    pairs = [(one, role.name) for role in ours for one in role.member_of]
    pairs.append((name, roles.login(server).user))
    for group, member in pairs:
        with suppress(psycopg.errors.InternalError_, psycopg.errors.UniqueViolation, psycopg.errors.UndefinedObject):
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(member)))


def _granted(connection: psycopg.Connection, profile: Profile, ours: set[str]) -> Iterator[sql.Composed]:
    """Statements; what this database has not, such as an extension's objects, is left out."""
    found = connection.execute(_OBJECTS).fetchall()
    here = {(kind, name): (sql.SQL(shown), apart) for kind, name, shown, apart in found}
    newest = connection.info.server_version >= 170000
    for grant in profile.grants:
        column = ""
        key = (grant.kind, grant.name)
        if grant.kind == "column":
            table, _, column = grant.name.rpartition(".")
            key = ("table", table)
        if key not in here:
            continue
        shown, apart = here[key]
        what = sql.SQL("{} {}").format(sql.SQL(_WORDS[key[0]]), shown)
        access = list(parsed(grant.access))
        if grant.access and not column and not any(one.role == "" for one in access):
            yield sql.SQL("REVOKE ALL ON {} FROM PUBLIC").format(what)
        if grant.owner in ours and not column:
            if apart:
                yield sql.SQL("ALTER {} OWNER TO {}").format(_owned(key[0], what, shown), sql.Identifier(grant.owner))
            yield sql.SQL("GRANT ALL ON {} TO {}").format(what, sql.Identifier(grant.owner))
        for one in access:
            rights = [right for right in one.rights if newest or right != "MAINTAIN"]
            if rights and (not one.role or one.role in ours) and one.role != grant.owner:
                yield _grant(rights, column, what, one)


def _owned(kind: str, what: sql.Composed, shown: sql.SQL) -> sql.Composed:
    """ALTER TABLE does for views and foreign tables, too, but for GRANT's own words."""
    return what if kind != "table" else sql.SQL("TABLE {}").format(shown)


def _grant(rights: Sequence[str], column: str, what: sql.Composed, to: Access) -> sql.Composed:
    cell = sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL("")
    words = sql.SQL(", ").join(sql.SQL("{}{}").format(sql.SQL(right), cell) for right in rights)
    grantee = sql.Identifier(to.role) if to.role else sql.SQL("PUBLIC")
    return sql.SQL("GRANT {} ON {} TO {}").format(words, what, grantee)


def settings(profile: Profile, name: str) -> Mapping[str, str]:
    """What a fresh session of the role has in production, of SETTINGS.

    The profile has them as the capturing role sees them, or as the one that `--role` named: what only the capturing role
    has is left out.
    """
    by_name = {role.name: role for role in profile.roles}
    capturing = by_name[profile.role].settings if profile.role in by_name and profile.role != name else {}
    found = {key: value for key, value in profile.settings.items() if capturing.get(key) != value}
    folded = {key.casefold(): value for key, value in by_name[name].settings.items()} if name in by_name else {}
    return {
        key: folded.get(key.casefold(), found.get(key, ""))
        for key in SETTINGS
        if key.casefold() in folded or key in found
    }


def _set(connection: psycopg.Connection, profile: Profile, name: str, database: str) -> list[str]:
    rows = connection.execute(
        "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings WHERE name = ANY(%s)",
        [list(SETTINGS)],
    )
    there: dict[str, str] = dict(rows.fetchall())
    who, place = sql.Identifier(name), sql.Identifier(database)
    notes = []
    for key, value in settings(profile, name).items():
        if key not in there or (value == there[key] and key != "search_path"):
            continue
        word, form = sql.SQL(key), sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} ")
        try:
            if key == "search_path":
                # As SHOW prints it, a list whose parts are quoted: SET would take it for one name.
                connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", [key, value])
                connection.execute(form.format(who, place, word) + sql.SQL("FROM CURRENT"))
            else:
                connection.execute(form.format(who, place, word) + sql.SQL("TO {}").format(sql.Literal(value)))
        except psycopg.Error as cause:
            notes.append(f"of production's settings of {name}: {key}: {cause.diag.message_primary or cause}")
    return notes
