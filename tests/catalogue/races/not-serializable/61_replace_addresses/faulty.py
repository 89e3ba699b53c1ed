"""A customer's addresses, saved as the form sends them."""

from contextlib import closing

import psycopg2

DELETE = "DELETE FROM addresses WHERE customer_id = %s"
INSERT = "INSERT INTO addresses (customer_id, street, city, postcode, country) VALUES (%s, %s, %s, %s, %s)"


def save_addresses(dsn, customer_id, addresses):
    """Replace all addresses of a customer by tuples of street, city, postcode and country."""
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor() as cur:
        cur.execute(DELETE, (customer_id,))
        for address in addresses:
            cur.execute(INSERT, (customer_id, *address))
