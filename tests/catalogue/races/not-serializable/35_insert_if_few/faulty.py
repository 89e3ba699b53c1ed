"""The first ten customers get a trial coupon; here it is the first one."""

import psycopg2

TAKE = """
    INSERT INTO coupons (tenant_id, code, percent)
    SELECT %(tenant)s, %(code)s, 50
    WHERE (SELECT count(*) FROM coupons WHERE tenant_id = %(tenant)s AND code LIKE 'TRIAL-%%') < %(most)s
"""


def trial_coupon(dsn, tenant_id, customer_id, most=1):
    """Give a customer a trial coupon; False if none is left."""
    params = {"tenant": tenant_id, "code": f"TRIAL-{customer_id}", "most": most}
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(TAKE, params)
            return cur.rowcount == 1
    finally:
        conn.close()
