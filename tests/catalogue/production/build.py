"""Fills a PostgreSQL with the production that the catalogue's programs run in.

`python build.py DSN` makes the schema and loads a fraction of the volume, with production's skew, NULLs and
correlations, then runs ANALYZE; `ROWS` says how many rows each table has in production, `SETTINGS` how it is set.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

SCHEMA = Path(__file__).with_name("schema.sql")

SETTINGS: dict[str, str] = {
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "3s",
    "work_mem": "4MB",
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "200",
    "max_parallel_workers_per_gather": "2",
    "default_statistics_target": "100",
    "jit": "off",
}


def _months() -> list[str]:
    """Names of the partitions of `events` that hold rows: the last twelve months, oldest first."""
    today = datetime.now(UTC)
    last = today.year * 12 + today.month - 1
    return [f"events_{n // 12:04}_{n % 12 + 1:02}" for n in range(last - 11, last + 1)]


ROWS: dict[str, int] = {
    "tenants": 2_400,
    "countries": 249,
    "currencies": 38,
    "exchange_rates": 41_000,
    "site_settings": 1,
    "feature_flags": 60,
    "employees": 3_500,
    "categories": 480,
    "products": 260_000,
    "warehouses": 14,
    "inventory": 1_560_000,
    "customers": 3_200_000,
    "addresses": 4_600_000,
    "coupons": 12_000,
    "orders": 5_000_000,
    "order_items": 12_000_000,
    "payments": 5_400_000,
    "invoices": 4_800_000,
    "reviews": 1_400_000,
    "sessions": 1_500_000,
    "tickets": 1_100_000,
    "messages": 4_400_000,
    "tags": 9_000,
    "ticket_tags": 1_700_000,
    "jobs": 2_000_000,
    "emails": 6_000_000,
    "webhook_deliveries": 2_500_000,
    **{name: 1_000_000 for name in _months()},
    "daily_sales": 900_000,
}

# What is loaded: lookups whole, the rest divided.
_DIVISOR = 50
_WHOLE = ("countries", "currencies", "site_settings", "feature_flags", "employees", "categories", "warehouses")


def volumes(scale: float = 1.0) -> dict[str, int]:
    """How many rows `build` loads into each table."""
    loaded = {}
    for table, rows in ROWS.items():
        if table in _WHOLE:
            loaded[table] = rows
        elif table in ("tenants", "coupons", "tags", "exchange_rates"):
            loaded[table] = max(50, int(rows * min(1.0, scale)))
        else:
            loaded[table] = max(100, int(rows * scale / _DIVISOR))
    loaded["events"] = sum(loaded.pop(name) for name in _months())
    loaded.pop("daily_sales")
    return loaded


# Few large tenants and a long tail; the same for customers' orders and for products sold.
_TENANT = "1 + floor({tenants} * power(random(), 3))::bigint"
_CUSTOMER = "1 + floor({customers} * power(random(), 1.6))::bigint"
_PRODUCT = "1 + floor({products} * power(random(), 2))::bigint"
_COUNTRY = (
    "(ARRAY['DE','DE','DE','AT','CH','FR','FR','NL','US','GB','PL','IT','ES','SE'])[1 + floor(random() * 14)::int]"
)
_WORDS = "md5(n::text) || ' ' || md5((n * 7)::text)"

_LOADS: tuple[tuple[str, str], ...] = (
    (
        "countries",
        """INSERT INTO countries SELECT code, 'Country ' || code, (ARRAY['EU','EU','AMER','APAC','MEA'])[1 + n % 5], n % 26
           FROM (SELECT row_number() OVER (ORDER BY known DESC, code) AS n, code FROM (
             SELECT DISTINCT ON (code) code, known FROM (
               SELECT unnest(ARRAY['DE','AT','CH','FR','NL','US','GB','PL','IT','ES','SE']) AS code, true AS known
               UNION ALL SELECT chr(65 + a) || chr(65 + b), false
               FROM generate_series(0, 25) a, generate_series(0, 25) b) s ORDER BY code, known DESC) t) u
           WHERE n <= {countries}""",
    ),
    (
        "currencies",
        """INSERT INTO currencies SELECT code, 'Currency ' || code, 2 FROM (
             SELECT unnest(ARRAY['EUR','USD','GBP','CHF','PLN','SEK']) AS code
             UNION ALL SELECT 'X' || chr(65 + n / 26) || chr(65 + n % 26) FROM generate_series(0, {currencies} - 7) n) s""",
    ),
    (
        "exchange_rates",
        """INSERT INTO exchange_rates SELECT code, current_date - n, 0.5 + random()
           FROM currencies, generate_series(0, {exchange_rates} / {currencies} - 1) n""",
    ),
    ("site_settings", "INSERT INTO site_settings DEFAULT VALUES"),
    (
        "feature_flags",
        "INSERT INTO feature_flags SELECT 'flag_' || n, n % 3 = 0, n % 101 FROM generate_series(1, {feature_flags}) n",
    ),
    (
        "tenants",
        """INSERT INTO tenants (id, slug, name, plan, seats, created_at, deleted_at)
           SELECT n, 'tenant-' || n, 'Tenant ' || n,
             CASE WHEN n <= 20 THEN 'enterprise' WHEN n % 5 = 0 THEN 'pro' ELSE 'free' END, 1 + (1000 / n)::int,
             now() - interval '4 years' * (1 - n::float / {tenants}), CASE WHEN n % 17 = 0 THEN now() - interval '90 days' END
           FROM generate_series(1, {tenants}) n""",
    ),
    (
        "employees",
        """INSERT INTO employees (id, email, name, team, manager_id, hired_on)
           SELECT n, 'staff' || n || '@shop.example', 'Employee ' || n,
             (ARRAY['support','support','support','sales','finance','product','engineering'])[1 + n % 7],
             CASE WHEN n > 1 THEN greatest(1, n / 8) END, current_date - ({employees} - n)
           FROM generate_series(1, {employees}) n""",
    ),
    (
        "categories",
        """INSERT INTO categories SELECT n, CASE WHEN n > 12 THEN n / 6 + 1 END, 'Category ' || n, 'category-' || n
           FROM generate_series(1, {categories}) n""",
    ),
    (
        "products",
        f"""INSERT INTO products (id, tenant_id, category_id, sku, name, description, price, currency, attributes, active,
             created_at, updated_at)
           SELECT n, {_TENANT}, CASE WHEN random() < 0.95 THEN 1 + floor({{categories}} * power(random(), 2))::int END,
             'SKU-' || lpad(n::text, 8, '0'), 'Product ' || {_WORDS}, repeat({_WORDS} || ' ', 3),
             round((5 + 200 * power(random(), 3))::numeric, 2),
             CASE WHEN random() < 0.8 THEN 'EUR' ELSE 'USD' END,
             jsonb_build_object('color', (ARRAY['red','blue','black','white'])[1 + n % 4], 'weight', n % 900, 'ean', 4000000000000 + n),
             random() < 0.82, now() - interval '4 years' * (1 - n::float / {{products}}),
             now() - interval '300 days' * random()
           FROM generate_series(1, {{products}}) n""",
    ),
    (
        "warehouses",
        f"""INSERT INTO warehouses SELECT n, 'Warehouse ' || n, (ARRAY['DE','FR','NL','US'])[1 + n % 4]
           FROM generate_series(1, {{warehouses}}) n""",
    ),
    (
        "inventory",
        """INSERT INTO inventory SELECT p, w, CASE WHEN random() < 0.07 THEN 0 ELSE floor(random() * 400)::int END,
             floor(random() * 5)::int, now() - interval '60 days' * random()
           FROM generate_series(1, {products}) p, generate_series(1, greatest(1, {inventory} / {products})) w""",
    ),
    (
        "customers",
        f"""INSERT INTO customers (id, tenant_id, email, name, phone, country, segment, points, newsletter, profile,
             created_at, last_seen, deleted_at)
           SELECT n, {_TENANT}, 'user' || n || (ARRAY['@gmail.com','@gmail.com','@web.de','@outlook.com','@firm' || n % 900 || '.example'])[1 + n % 5],
             'Customer ' || md5(n::text), CASE WHEN random() < 0.7 THEN '+49' || 1000000000 + n END, {_COUNTRY},
             (ARRAY['regular','regular','regular','regular','regular','regular','regular','vip','wholesale','new'])[1 + floor(random() * 10)::int],
             floor(5000 * power(random(), 4))::int, random() < 0.35,
             jsonb_build_object('locale', (ARRAY['de','fr','en'])[1 + n % 3], 'crm_id', 'C' || n, 'referrer', md5((n % 3000)::text)),
             now() - interval '4 years' * (1 - n::float / {{customers}}),
             CASE WHEN random() < 0.8 THEN now() - interval '1 year' * random() * random() END,
             CASE WHEN random() < 0.04 THEN now() - interval '400 days' * random() END
           FROM generate_series(1, {{customers}}) n""",
    ),
    (
        "addresses",
        f"""INSERT INTO addresses (id, customer_id, kind, street, city, postcode, country)
           SELECT n, CASE WHEN n <= {{customers}} THEN n ELSE {_CUSTOMER} END,
             CASE WHEN random() < 0.7 THEN 'shipping' ELSE 'billing' END, 'Street ' || n % 9000 || ' no. ' || n % 120,
             'City ' || floor(4000 * power(random(), 2))::int, lpad((n * 37 % 99999)::text, 5, '0'), {_COUNTRY}
           FROM generate_series(1, {{addresses}}) n""",
    ),
    (
        "coupons",
        f"""INSERT INTO coupons SELECT n, {_TENANT}, 'SAVE' || n, 5 + n % 30, current_date + (n % 700)::int - 500
           FROM generate_series(1, {{coupons}}) n""",
    ),
    (
        "orders",
        f"""INSERT INTO orders (id, tenant_id, customer_id, address_id, coupon_id, number, reference, status, total, currency,
             notes, archived, placed_at, shipped_at)
           SELECT n, c.tenant_id, c.id, c.id, coupon, 'O-' || lpad(n::text, 10, '0'),
             CASE WHEN n % 9 = 0 THEN 'PO-' || n * 13 END, status, total, currency, notes,
             placed_at < now() - interval '2 years', placed_at,
             CASE WHEN status IN ('shipped', 'delivered', 'returned') THEN placed_at + interval '5 days' * random() END
           FROM (SELECT n, {_CUSTOMER} AS customer, CASE WHEN random() < 0.06 THEN 1 + floor({{coupons}} * random())::bigint END AS coupon,
               CASE WHEN n > {{orders}} * 0.997 THEN (ARRAY['pending','pending','paid','shipped'])[1 + floor(random() * 4)::int]
                 WHEN random() < 0.9 THEN 'delivered' WHEN random() < 0.6 THEN 'cancelled' WHEN random() < 0.9 THEN 'returned'
                 ELSE 'failed' END AS status,
               round((10 + 900 * power(random(), 3))::numeric, 2) AS total,
               CASE WHEN random() < 0.85 THEN 'EUR' WHEN random() < 0.7 THEN 'USD' ELSE 'GBP' END AS currency,
               CASE WHEN random() < 0.08 THEN 'please ring ' || md5(n::text) END AS notes,
               now() - interval '3 years' * (1 - n::float / {{orders}}) - interval '2 hours' * random() AS placed_at
             FROM generate_series(1, {{orders}}) n OFFSET 0) s JOIN customers c ON c.id = s.customer
           ORDER BY n""",
    ),
    (
        "order_items",
        f"""INSERT INTO order_items (id, order_id, product_id, quantity, price)
           SELECT n, 1 + (n * {{orders}} / ({{order_items}} + 1)), {_PRODUCT}, 1 + floor(4 * power(random(), 3))::int,
             round((5 + 200 * power(random(), 3))::numeric, 2)
           FROM generate_series(1::bigint, {{order_items}}) n""",
    ),
    (
        "payments",
        """INSERT INTO payments (id, order_id, provider, provider_ref, status, amount, created_at)
           SELECT n, o.id, (ARRAY['card','card','card','paypal','invoice'])[1 + n % 5], 'ch_' || md5(n::text),
             CASE WHEN n > {payments} * 0.998 THEN 'new' WHEN random() < 0.95 THEN 'settled' WHEN random() < 0.7 THEN 'failed' ELSE 'refunded' END,
             o.total, o.placed_at + interval '3 minutes'
           FROM generate_series(1::bigint, {payments}) n JOIN orders o ON o.id = 1 + n * {orders} / ({payments} + 1)
           ORDER BY n""",
    ),
    (
        "invoices",
        """INSERT INTO invoices (id, tenant_id, order_id, number, amount, due_on, paid_at)
           SELECT o.id, o.tenant_id, o.id, 'I-' || lpad(o.id::text, 10, '0'), o.total, o.placed_at::date + 14,
             CASE WHEN random() < 0.96 THEN o.placed_at + interval '20 days' * random() END
           FROM orders o WHERE o.id <= {invoices} ORDER BY o.id""",
    ),
    (
        "reviews",
        f"""INSERT INTO reviews (id, product_id, customer_id, stars, body, approved, created_at)
           SELECT n, {_PRODUCT}, {_CUSTOMER}, 5 - floor(4.99 * power(random(), 2))::int, {_WORDS}, random() < 0.97,
             now() - interval '3 years' * (1 - n::float / {{reviews}})
           FROM generate_series(1, {{reviews}}) n""",
    ),
    (
        "sessions",
        f"""INSERT INTO sessions SELECT md5('s' || n::text), {_CUSTOMER}, jsonb_build_object('cart', n % 50, 'csrf', md5(n::text)),
             t, t + interval '30 days'
           FROM (SELECT n, now() - interval '120 days' * (1 - n::float / {{sessions}}) AS t FROM generate_series(1, {{sessions}}) n) s""",
    ),
    (
        "tickets",
        f"""INSERT INTO tickets (id, tenant_id, customer_id, assignee_id, subject, status, priority, created_at, updated_at, deleted_at)
           SELECT n, c.tenant_id, c.id, CASE WHEN random() < 0.9 THEN 1 + floor({{employees}} * 0.4 * random())::bigint END, 'About ' || md5(n::text),
             CASE WHEN n > {{tickets}} * 0.985 THEN 'open' WHEN random() < 0.02 THEN 'waiting' ELSE 'closed' END,
             1 + floor(5 * random())::int, t, t + interval '6 days' * random(), CASE WHEN random() < 0.01 THEN now() END
           FROM (SELECT n, {_CUSTOMER} AS customer, now() - interval '3 years' * (1 - n::float / {{tickets}}) AS t
             FROM generate_series(1, {{tickets}}) n OFFSET 0) s JOIN customers c ON c.id = s.customer ORDER BY n""",
    ),
    (
        "messages",
        f"""INSERT INTO messages (id, ticket_id, author, body, internal, created_at)
           SELECT n, 1 + floor({{tickets}} * least(0.999999, n::float / {{messages}} + random() * 0.001))::bigint,
             'user' || n % 5000, {_WORDS} || {_WORDS}, random() < 0.2, now() - interval '3 years' * (1 - n::float / {{messages}})
           FROM generate_series(1, {{messages}}) n""",
    ),
    ("tags", f"INSERT INTO tags SELECT n, {_TENANT}, 'tag-' || n FROM generate_series(1, {{tags}}) n"),
    (
        "ticket_tags",
        """INSERT INTO ticket_tags SELECT DISTINCT 1 + floor({tickets} * random())::bigint, 1 + floor({tags} * power(random(), 3))::bigint
           FROM generate_series(1, {ticket_tags})""",
    ),
    (
        "jobs",
        """INSERT INTO jobs (id, queue, payload, status, attempts, run_at, done_at)
           SELECT n, (ARRAY['default','default','mail','export'])[1 + n % 4], jsonb_build_object('order', n % 9999),
             CASE WHEN n > {jobs} * 0.999 THEN 'ready' WHEN random() < 0.99 THEN 'done' ELSE 'failed' END, 1, t, t + interval '1 minute'
           FROM (SELECT n, now() - interval '200 days' * (1 - n::float / {jobs}) AS t FROM generate_series(1, {jobs}) n) s""",
    ),
    (
        "emails",
        f"""INSERT INTO emails (id, customer_id, recipient, subject, body, status, created_at, sent_at)
           SELECT n, c, 'user' || c || '@gmail.com', 'Your order ' || n, repeat({_WORDS}, 4),
             CASE WHEN n > {{emails}} * 0.9995 THEN 'queued' WHEN random() < 0.985 THEN 'sent' ELSE 'bounced' END, t, t + interval '1 minute'
           FROM (SELECT n, {_CUSTOMER} AS c, now() - interval '3 years' * (1 - n::float / {{emails}}) AS t
             FROM generate_series(1, {{emails}}) n OFFSET 0) s""",
    ),
    (
        "webhook_deliveries",
        f"""INSERT INTO webhook_deliveries (id, tenant_id, payload, status_code, created_at)
           SELECT n, {_TENANT}, jsonb_build_object('event', 'order.paid', 'order', n, 'nonce', md5(n::text), 'body', {_WORDS}),
             CASE WHEN random() < 0.95 THEN 200 WHEN random() < 0.9 THEN 500 END, now() - interval '150 days' * (1 - n::float / {{webhook_deliveries}})
           FROM generate_series(1, {{webhook_deliveries}}) n""",
    ),
    (
        "events",
        f"""INSERT INTO events (id, tenant_id, actor_id, entity_type, entity_id, action, payload, created_at)
           SELECT n, {_TENANT}, CASE WHEN random() < 0.7 THEN 1 + floor({{employees}} * random())::bigint END,
             (ARRAY['order','order','order','product','customer','ticket'])[1 + n % 6], 1 + floor({{orders}} * random())::bigint,
             (ARRAY['created','updated','updated','viewed','viewed','viewed','deleted'])[1 + floor(random() * 7)::int],
             jsonb_build_object('request', md5(n::text), 'ip', '10.0.' || n % 250 || '.' || n % 249),
             start + (now() - start) * (n::float / {{events}})
           FROM generate_series(1, {{events}}) n,
             (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '11 months' AS start) s""",
    ),
)


def build(dsn: str, *, scale: float = 1.0, schema: bool = True) -> None:
    """Make the schema in the empty database of `dsn`, load it and analyze it; `scale=0` loads only lookups and crumbs."""
    sizes = volumes(scale)
    with psycopg.connect(dsn, autocommit=True) as connection:
        if schema:
            connection.execute(SCHEMA.read_text())
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # the keys are right by construction
        connection.execute("SELECT setseed(0.42)")
        for _, statement in _LOADS:
            connection.execute(_filled(statement, sizes))
        _restart_identities(connection)
        connection.execute("RESET session_replication_role")
        connection.execute("REFRESH MATERIALIZED VIEW daily_sales")
        connection.execute("VACUUM (ANALYZE)")


def _filled(statement: str, sizes: Mapping[str, int]) -> bytes:
    return statement.format(**sizes).encode()


def _restart_identities(connection: psycopg.Connection) -> None:
    columns = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND is_identity = 'YES' AND table_name NOT LIKE 'events\\_%'"
    ).fetchall()
    for table, column in columns:
        connection.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({}, {}), (SELECT coalesce(max({}), 0) + 1 FROM {}), false)"
            ).format(sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table))
        )


if __name__ == "__main__":
    started = time.monotonic()
    build(sys.argv[1], scale=float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
    print(f"{time.monotonic() - started:.1f} s")
