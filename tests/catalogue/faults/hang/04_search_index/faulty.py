import json
import logging
import urllib.error
import urllib.request

import psycopg2

logger = logging.getLogger("shop.search")


def push(index_url, document):
    request = urllib.request.Request(
        f"{index_url}/products/{document['id']}",
        data=json.dumps(document).encode("utf-8"),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read())["result"]


def document_of(conn, product_id):
    with conn, conn.cursor() as cur:
        cur.execute("SELECT id, sku, name, price::text FROM products WHERE id = %s", (product_id,))
        row = cur.fetchone()
    if row is None:
        raise KeyError(product_id)
    return dict(zip(("id", "sku", "name", "price"), row))


def reindex(dsn, index_url, product_id):
    """Send a product to the search index; returns `created` or `updated`."""
    conn = psycopg2.connect(dsn, connect_timeout=3)
    try:
        document = document_of(conn, product_id)
    finally:
        conn.close()
    try:
        return push(index_url, document)
    except urllib.error.HTTPError as error:
        logger.warning("index refused product %s: %s", product_id, error)
        raise
