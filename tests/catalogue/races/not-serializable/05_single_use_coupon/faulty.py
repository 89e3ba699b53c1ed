"""Coupons that can be redeemed once."""

import psycopg2


class CouponUsed(Exception):
    pass


def redeem(dsn, order_id, coupon_id):
    """Take the coupon's percents off an order; returns the new total."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("SELECT percent FROM coupons WHERE id = %s", (coupon_id,))
            (percent,) = cur.fetchone()
            cur.execute("SELECT count(*) FROM orders WHERE coupon_id = %s", (coupon_id,))
            if cur.fetchone()[0]:
                raise CouponUsed(coupon_id)
            cur.execute(
                "UPDATE orders SET coupon_id = %s, total = round(total * (100 - %s) / 100, 2) WHERE id = %s RETURNING total",
                (coupon_id, percent, order_id),
            )
            return cur.fetchone()[0]
    finally:
        conn.close()
