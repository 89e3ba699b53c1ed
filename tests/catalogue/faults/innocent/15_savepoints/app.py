"""Imports coupons; codes that exist stay as they are, and are reported."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

INSERT = text("INSERT INTO coupons (tenant_id, code, percent) VALUES (:tenant, :code, :percent)")


def _add(conn: Connection, tenant_id: int, code: str, percent: int) -> bool:
    try:
        with conn.begin_nested():
            conn.execute(INSERT, {"tenant": tenant_id, "code": code, "percent": percent})
    except IntegrityError:
        return False
    return True


def import_coupons(engine: Engine, tenant_id: int, coupons: dict[str, int]) -> list[str]:
    """Returns the codes that were there before."""
    with engine.begin() as conn:
        return [code for code, percent in coupons.items() if not _add(conn, tenant_id, code, percent)]
