"""Sign-up of a customer."""

import asyncpg


class SignupError(ValueError):
    pass


CHECK = """
    SELECT t.name, t.deleted_at,
           coalesce((SELECT maintenance FROM site_settings), false) AS maintenance,
           EXISTS (SELECT FROM countries WHERE code = $2) AS country
    FROM tenants t
    WHERE t.id = $1
"""


async def validate(conn: asyncpg.Connection, tenant_id: int, country: str) -> str:
    """Check whether the shop takes new customers; returns its name."""
    row = await conn.fetchrow(CHECK, tenant_id, country)
    if row is None:
        raise SignupError("unknown shop")
    if row["deleted_at"]:
        raise SignupError("the shop is closed")
    if row["maintenance"]:
        raise SignupError("come back later")
    if not row["country"]:
        raise SignupError("unknown country")
    return row["name"]


async def signup(conn: asyncpg.Connection, tenant_id: int, email: str, name: str, country: str) -> int:
    """Make the account and greet the customer; returns the account's id."""
    shop = await validate(conn, tenant_id, country)
    customer = await conn.fetchval(
        """
        INSERT INTO customers (tenant_id, email, name, country, segment, last_seen)
        VALUES ($1, $2, $3, $4, 'new', now())
        ON CONFLICT (tenant_id, email) DO NOTHING RETURNING id
        """,
        tenant_id,
        email,
        name,
        country,
    )
    if customer is None:
        raise SignupError("this address is taken")
    await conn.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) VALUES ($1, $2, $3, $4)",
        customer,
        email,
        f"Welcome to {shop}",
        f"Dear {name}, nice to have you here.",
    )
    return customer
