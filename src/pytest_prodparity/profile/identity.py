"""Which server and database this is, as a hash: the same after a restart, and of no use for anything else."""

from __future__ import annotations

import hashlib

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
    found = reading.attempt("SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()")
    if isinstance(found, str):
        rows = reading.rows("SELECT oid::text || ' ' || datname AS id FROM pg_catalog.pg_database ORDER BY oid LIMIT 5")
        facts = " ".join(row["id"] for row in rows)
    else:
        facts = found[0]["id"]
    return hashlib.sha256(f"prodparity {facts} {database}".encode()).hexdigest()[:32]
