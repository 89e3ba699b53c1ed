import os
import secrets
from contextlib import closing
from datetime import date, timedelta

import psycopg2

DSN = os.environ.get("DATABASE_DSN", "dbname=shop")
PRICE = {5: 100, 10: 250, 20: 600}


class NotEnoughPoints(Exception):
    pass


def _take_points(conn, customer_id, points):
    with conn.cursor() as cur:
        cur.execute(
            "UPDATE customers SET points = points - %s WHERE id = %s AND points >= %s RETURNING tenant_id",
            (points, customer_id, points),
        )
        row = cur.fetchone()
    if row is None:
        conn.rollback()
        raise NotEnoughPoints(customer_id)
    conn.commit()
    return row[0]


def _issue_coupon(conn, tenant_id, percent, days):
    code = secrets.token_hex(5).upper()
    with conn.cursor() as cur:
        cur.execute(
            "INSERT INTO coupons (tenant_id, code, percent, expires_on) VALUES (%s, %s, %s, %s)",
            (tenant_id, code, percent, date.today() + timedelta(days=days)),
        )
    conn.commit()
    return code


def redeem(customer_id, percent, days=30):
    """Trade points for a coupon; returns the coupon's code."""
    points = PRICE[percent]
    with closing(psycopg2.connect(DSN)) as conn:
        tenant_id = _take_points(conn, customer_id, points)
        return _issue_coupon(conn, tenant_id, percent, days)
