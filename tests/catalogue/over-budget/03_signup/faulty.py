"""Sign-up of a customer."""

import asyncpg


class SignupError(ValueError):
    pass


async def validate(conn: asyncpg.Connection, tenant_id: int, email: str, country: str) -> None:
    if not await conn.fetchval("SELECT 1 FROM tenants WHERE id = $1", tenant_id):
        raise SignupError("unknown shop")
    if await conn.fetchval("SELECT deleted_at FROM tenants WHERE id = $1", tenant_id):
        raise SignupError("the shop is closed")
    if await conn.fetchval("SELECT maintenance FROM site_settings"):
        raise SignupError("come back later")
    if not await conn.fetchval("SELECT 1 FROM countries WHERE code = $1", country):
        raise SignupError("unknown country")
    if await conn.fetchval("SELECT 1 FROM customers WHERE tenant_id = $1 AND email = $2", tenant_id, email):
        raise SignupError("this address is taken")


async def signup(conn: asyncpg.Connection, tenant_id: int, email: str, name: str, country: str) -> int:
    """Make the account and greet the customer; returns the account's id."""
    await validate(conn, tenant_id, email, country)
    await conn.execute(
        "INSERT INTO customers (tenant_id, email, name, country) VALUES ($1, $2, $3, $4)",
        tenant_id,
        email,
        name,
        country,
    )
    customer = await conn.fetchval("SELECT id FROM customers WHERE tenant_id = $1 AND email = $2", tenant_id, email)  # <- here
    await conn.execute("UPDATE customers SET last_seen = now() WHERE id = $1", customer)
    await conn.execute("UPDATE customers SET segment = 'new' WHERE id = $1", customer)
    shop = await conn.fetchval("SELECT name FROM tenants WHERE id = $1", tenant_id)
    await conn.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) VALUES ($1, $2, $3, $4)",
        customer,
        email,
        f"Welcome to {shop}",
        f"Dear {name}, nice to have you here.",
    )
    return customer
