"""Jobs are queued once, however often they are asked for."""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

QUEUE = """
    INSERT INTO jobs (queue, payload) SELECT 'export', %(payload)s
    WHERE NOT EXISTS (SELECT FROM jobs WHERE queue = 'export' AND status = 'ready' AND payload = %(payload)s)
"""


def export(dsn: str, tenant_id: int) -> bool:
    """Ask for an export of a tenant's data; False if one is under way."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('export', %s))", (tenant_id,))
        return conn.execute(QUEUE, {"payload": Jsonb({"tenant": tenant_id})}).rowcount == 1
