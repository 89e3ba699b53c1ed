import os
import time

import psycopg2
from psycopg2 import errors

DSN = os.environ.get("DATABASE_DSN", "dbname=shop")

# The upsert below may be repeated, so also what leaves open whether it was executed.
RETRIED = (psycopg2.OperationalError, psycopg2.InterfaceError, errors.ReadOnlySqlTransaction)


class Unknown(LookupError):
    pass


def in_transaction(work, attempts=4):
    """Call `work(cursor)` in a transaction of its own, again if it fails for a reason that passes."""
    for attempt in range(attempts):
        try:
            conn = psycopg2.connect(DSN, connect_timeout=2, tcp_user_timeout=2000)
            try:
                with conn, conn.cursor() as cur:
                    return work(cur)
            finally:
                conn.close()
        except RETRIED:
            if attempt == attempts - 1:
                raise
            time.sleep(0.1 * 2**attempt)


def set_rate(currency, day, rate):
    def work(cur):
        cur.execute("SELECT digits FROM currencies WHERE code = %s", (currency,))
        if cur.fetchone() is None:
            raise Unknown(currency)
        cur.execute(
            "INSERT INTO exchange_rates (currency, day, rate) VALUES (%s, %s, %s) "
            "ON CONFLICT (currency, day) DO UPDATE SET rate = excluded.rate",
            (currency, day, rate),
        )

    in_transaction(work)
