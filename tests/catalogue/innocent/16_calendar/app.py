"""Orders of a tenant per day and channel, with zeros for quiet days."""

import datetime as dt

import psycopg

QUERY = """
    SELECT day::date, p.provider, count(o.id)
    FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
    CROSS JOIN (VALUES ('EUR'), ('USD')) AS p (provider)
    LEFT JOIN orders o ON o.tenant_id = %(tenant)s AND o.currency = p.provider
        AND o.placed_at >= day AND o.placed_at < day + interval '1 day'
    GROUP BY 1, 2
    ORDER BY 1, 2
"""


def chart(conn: psycopg.Connection, tenant_id: int, first: dt.date, last: dt.date) -> dict[dt.date, dict[str, int]]:
    chart: dict[dt.date, dict[str, int]] = {}
    for day, currency, count in conn.execute(QUERY, {"tenant": tenant_id, "first": first, "last": last}):
        chart.setdefault(day, {})[currency] = count
    return chart
