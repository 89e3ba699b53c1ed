"""The three newest reviews of each product of a list."""

from collections import defaultdict

import psycopg

QUERY = """
    SELECT p.id, r.stars, r.body
    FROM unnest(%s::bigint[]) AS p (id)
    CROSS JOIN LATERAL (
        SELECT stars, body, created_at FROM reviews WHERE product_id = p.id ORDER BY created_at DESC LIMIT 3
    ) r
    ORDER BY p.id, r.created_at DESC
"""


def newest_reviews(conn: psycopg.Connection, product_ids: list[int]) -> dict[int, list[str]]:
    reviews = defaultdict(list)
    for product, stars, body in conn.execute(QUERY, (product_ids,)):
        reviews[product].append(f"{'*' * stars} {body}")
    return dict(reviews)
