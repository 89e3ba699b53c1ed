"""Reads for the dashboard of the support desk."""

import os

import psycopg2
import psycopg2.extras
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

DSN = os.environ.get("DATABASE_DSN", "dbname=shop")


@retry(
    retry=retry_if_exception_type((psycopg2.OperationalError, psycopg2.InterfaceError)),
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=0.1, max=2) + wait_random(0, 0.1),
    reraise=True,
)
def rows(query, params):
    conn = psycopg2.connect(DSN, connect_timeout=3)
    try:
        with conn, conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cur:
            cur.execute(query, params)
            return cur.fetchall()
    finally:
        conn.close()


def open_by_priority(tenant_id):
    """{priority: number of open tickets}"""
    found = rows(
        "SELECT priority, count(*) AS n FROM tickets "
        "WHERE tenant_id = %s AND status = 'open' AND deleted_at IS NULL GROUP BY priority",
        (tenant_id,),
    )
    return {row["priority"]: row["n"] for row in found}
