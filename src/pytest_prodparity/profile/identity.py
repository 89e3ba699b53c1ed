"""Which server and database this is, as a hash: the same after a restart, and of no use for anything else."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from .connection import Reading

_SYSTEM = "SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()"
_DATABASES = "SELECT oid::text || ' ' || datname AS id FROM pg_catalog.pg_database ORDER BY oid LIMIT 5"


def read_identity(reading: Reading) -> str:
    """Of the cluster's system identifier and the database's oid.

    A server that hides the identifier gives a weaker fact in its place: the oids and names of its first databases. A
    physical copy of production (a standby, a restored snapshot) has production's identity; a dump restored elsewhere
    has another one.
    """
    database = reading.one("SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = current_database()")[
        "oid"
    ]
    found = reading.attempt(_SYSTEM)
    facts = " ".join(row["id"] for row in reading.rows(_DATABASES)) if isinstance(found, str) else found[0]["id"]
    return _hash(facts, database)


def identities(connection: psycopg.Connection[Any]) -> set[str]:
    """What `read_identity` gave, or could have given, for each database of this server, whoever asked.

    `connection` is in autocommit. A server that holds the captured database is production, whichever of its databases
    somebody connects to.
    """
    cursor = connection.cursor(row_factory=tuple_row)
    facts = [" ".join(str(row[0]) for row in cursor.execute(_DATABASES.encode()).fetchall())]
    with suppress(psycopg.errors.InsufficientPrivilege):  # then the weaker fact is all there is
        facts += [str(row[0]) for row in cursor.execute(_SYSTEM.encode()).fetchall()]
    oids = [str(row[0]) for row in cursor.execute("SELECT oid FROM pg_catalog.pg_database").fetchall()]
    return {_hash(fact, oid) for fact in facts for oid in oids}


def _hash(facts: str, database: str) -> str:
    return hashlib.sha256(f"prodparity {facts} {database}".encode()).hexdigest()[:32]
