"""Birthday points, given by a nightly job."""

import os

import psycopg2
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

DSN = os.getenv("DATABASE_DSN", "dbname=shop")

again = retry(
    retry=retry_if_exception_type((psycopg2.OperationalError, psycopg2.InterfaceError)),
    wait=wait_random_exponential(multiplier=0.05, max=1),
    stop=stop_after_attempt(4),
    reraise=True,
)


@again
def give_points(customer_id, points):
    conn = psycopg2.connect(DSN, connect_timeout=3)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points, customer_id))
            if cur.rowcount != 1:
                raise LookupError(customer_id)
    finally:
        conn.close()


def congratulate(customers, points=50):
    for customer_id in customers:
        give_points(customer_id, points)
    return len(customers)
