"""Roles that matter, and who may do what."""

# ruff: noqa: S608  # what is put into queries is written here, or an sql.Identifier
from __future__ import annotations

from ..core.errors import UsageError
from ..core.suggest import closest
from .catalog import ours
from .connection import Reading
from .model import Grant, Role
from .settings import matters, parse_config

_OBJECTS = """
    SELECT 'schema' AS kind, n.nspname::text AS name, n.nspowner AS owner, n.nspacl AS acl FROM pg_catalog.pg_namespace n
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname || '.' || c.relname, c.relowner, c.relacl
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND {relations}
    UNION ALL
    SELECT 'column', n.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {relations}
    UNION ALL
    SELECT 'function', n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
        p.proowner, p.proacl FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE {functions}
"""


def known_role(reading: Reading, role: str) -> None:
    """Raises UsageError where production has no such role."""
    names = [row["rolname"] for row in reading.rows("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'")]
    if role not in names:
        raise UsageError(
            f"--role {role}: production has no such role{closest(role, names)}.",
            fix="name the role that the application logs in with",
        )


def read_grants(reading: Reading) -> list[Grant]:
    """Owner and access list of every schema, table, view, sequence and function, and of columns that have one."""
    query = _OBJECTS.format(relations=ours("c", "pg_class"), functions=ours("p", "pg_proc"))
    rows = reading.rows(
        f"SELECT kind, name, pg_catalog.pg_get_userbyid(owner)::text AS owner, acl::text[] AS access FROM ({query}) o "
        'ORDER BY kind, name COLLATE "C"'
    )
    return [
        Grant(kind=row["kind"], name=row["name"], owner=row["owner"], access=sorted(row["access"] or []))
        for row in rows
    ]


def read_roles(reading: Reading, *, role: str | None) -> list[Role]:
    """Roles that own or are granted something, the capturing one, the application's, and what these are members of."""
    query = _OBJECTS.format(relations=ours("c", "pg_class"), functions=ours("p", "pg_proc"))
    rows = reading.rows(f"""
        WITH RECURSIVE objects AS ({query}), first AS (
            SELECT owner AS oid FROM objects
            UNION SELECT g.grantee FROM objects, pg_catalog.aclexplode(objects.acl) g
            UNION SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname IN (session_user, %s)
            UNION SELECT pg_catalog.unnest(polroles) FROM pg_catalog.pg_policy),
        involved AS (
            SELECT oid FROM first
            UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN involved i ON i.oid = m.member)
        SELECT r.rolname AS name, r.rolcanlogin AS login, r.rolsuper AS superuser, r.rolbypassrls AS bypass_rls,
            r.rolinherit AS inherits, r.rolconnlimit AS connection_limit,
            (SELECT pg_catalog.array_agg(g.rolname ORDER BY g.rolname)::text[] FROM pg_catalog.pg_auth_members m
                JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS member_of,
            (SELECT pg_catalog.array_agg(c.entry) FROM (
                SELECT pg_catalog.unnest(s.setconfig) AS entry FROM pg_catalog.pg_db_role_setting s
                WHERE s.setrole = r.oid AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d
                    WHERE d.datname = current_database())) ORDER BY s.setdatabase) c)::text[] AS config
        FROM pg_catalog.pg_roles r JOIN involved USING (oid) WHERE r.rolname !~ '^pg_'
        ORDER BY r.rolname COLLATE "C"
    """, (role,))  # fmt: skip
    result = []
    for row in rows:
        settings = {name: value for name, value in parse_config(row.pop("config")).items() if matters(name)}
        result.append(Role(**{**row, "member_of": row["member_of"] or [], "settings": settings}))
    return result
