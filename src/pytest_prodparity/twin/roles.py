"""The two roles of a twin: one that may only ask for plans, one that owns the tables for what-ifs. Neither is superuser."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import psycopg
from psycopg import sql

from ..databases.provider import Server


def planner(database: str) -> str:
    """The role that sends EXPLAIN. It owns nothing."""
    return database


def owner(database: str) -> str:
    """The role that replays a test's DDL inside a transaction that is rolled back."""
    return f"{database}_owner"


def password(server: Server, role: str) -> str:
    """The same in every process that knows the server, and nowhere stored."""
    return hmac.new(server.password.encode(), role.encode(), hashlib.sha256).hexdigest()


def make(connection: psycopg.Connection[Any], server: Server, database: str) -> None:
    """Both roles, cluster-wide, fresh."""
    for role in (planner(database), owner(database)):
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        command = "ALTER ROLE {} LOGIN PASSWORD {}" if known is not None else "CREATE ROLE {} LOGIN PASSWORD {}"
        connection.execute(sql.SQL(command).format(sql.Identifier(role), sql.Literal(password(server, role))))
    for role in (planner(database), owner(database)):
        connection.execute(sql.SQL("GRANT pg_read_all_data, pg_write_all_data TO {}").format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE").format(
            sql.Identifier(planner(database)), sql.Identifier(owner(database))
        )
    )


_TAKE = """
UPDATE pg_namespace SET nspowner = {role}::regrole
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema';
UPDATE pg_class SET relowner = {role}::regrole WHERE oid >= 16384;
UPDATE pg_type SET typowner = {role}::regrole WHERE oid >= 16384;
"""

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"

_POLICY_ROLES = """
SELECT DISTINCT r.rolname FROM pg_policy AS p CROSS JOIN unnest(p.polroles) AS role
JOIN pg_roles AS r ON r.oid = role WHERE NOT r.rolsuper
"""

_WITHOUT_POLICY = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid)
"""


def grant(connection: psycopg.Connection[Any], database: str) -> list[str]:
    """Who may do what inside the twin. Returns notes.

    Row-level security must apply as it does to the application: the planner is a member of every role that a policy
    names. A table that has security but no policy is read by its owner only; its plan is the one without policies.
    """
    role, taker = planner(database), owner(database)
    notes = []
    connection.execute(sql.SQL(_TAKE).format(role=sql.Literal(taker)))
    for (schema,) in connection.execute(_SCHEMAS).fetchall():
        connection.execute(
            sql.SQL("GRANT ALL ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(taker))
        )
        connection.execute(
            sql.SQL("GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {} TO {}").format(
                sql.Identifier(schema), sql.Identifier(role)
            )
        )
        # An owner has what the schema's access list says, once there is one; production's list does not know this role.
        connection.execute(
            sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(sql.Identifier(schema), sql.Identifier(taker))
        )
    for (name,) in connection.execute(_POLICY_ROLES).fetchall():
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), sql.Identifier(role)))
    for schema, table in connection.execute(_WITHOUT_POLICY).fetchall():
        connection.execute(
            sql.SQL("CREATE POLICY prodparity ON {} TO {} USING (true)").format(
                sql.Identifier(schema, table), sql.Identifier(role)
            )
        )
        notes.append(f"{schema}.{table} has row-level security without a policy: it is planned as its owner reads it")
    return notes
