"""Which server and database this is, as a hash: the same after a restart, and of no use for anything else."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

import psycopg

from .connection import Reading


def read_identity(reading: Reading) -> str:
    """Of the cluster's system identifier and the database's oid.

    A server that hides the identifier gives a weaker fact in its place: the oids and names of its first databases. A
    physical copy of production (a standby, a restored snapshot) has production's identity; a dump restored elsewhere
    has another one.
    """
    database = reading.one("SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = current_database()")[
        "oid"
    ]
    found = reading.attempt(_CLUSTER)
    facts = found if not isinstance(found, str) else reading.rows(_DATABASES)
    return _hash([row["id"] for row in facts], database)


def identities(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """What `Profile.identity` could be for a profile of any database of this server. `connection` is in autocommit.

    With both kinds of facts, because the capturing role may have seen less than this one.
    """
    kinds = [[row[0] for row in connection.execute(_DATABASES).fetchall()]]
    with suppress(psycopg.errors.InsufficientPrivilege):
        kinds.append([row[0] for row in connection.execute(_CLUSTER).fetchall()])
    oids = [row[0] for row in connection.execute("SELECT oid::text FROM pg_catalog.pg_database").fetchall()]
    return frozenset(_hash(facts, oid) for facts in kinds for oid in oids)


_CLUSTER = "SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()"
_DATABASES = "SELECT oid::text || ' ' || datname AS id FROM pg_catalog.pg_database ORDER BY oid LIMIT 5"


def _hash(facts: list[str], database: str) -> str:
    return hashlib.sha256(f"prodparity {' '.join(facts)} {database}".encode()).hexdigest()[:32]
