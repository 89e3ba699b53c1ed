"""Resolves customers of incoming orders; the importer asks for the same ones again and again."""

import os

import psycopg2
import psycopg2.extras

_cache = {}


def connect():
    return psycopg2.connect(os.environ["DATABASE_DSN"], cursor_factory=psycopg2.extras.RealDictCursor)


def _load(conn, tenant_id, email):
    with conn.cursor() as cur:
        cur.execute(
            "SELECT id, tenant_id, email, deleted_at FROM customers WHERE tenant_id = %s AND email = %s",
            (tenant_id, email),
        )
        return cur.fetchone()


def find_customer(conn, tenant_id, email):
    """Return the customer's row as a dict, or None."""
    key = (tenant_id, email.lower())
    if key not in _cache:
        _cache[key] = _load(conn, *key)
    return _cache[key]


def customer_id(conn, tenant_id, email):
    customer = find_customer(conn, tenant_id, email)
    if customer is None or customer["deleted_at"] is not None:
        raise LookupError(email)
    return customer["id"]
