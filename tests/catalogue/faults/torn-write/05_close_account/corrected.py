"""Answers erasure requests."""

import asyncpg


async def _forget_sessions(conn: asyncpg.Connection, customer_id: int) -> None:
    await conn.execute("DELETE FROM sessions WHERE customer_id = $1", customer_id)


async def _forget_addresses(conn: asyncpg.Connection, customer_id: int) -> None:
    await conn.execute(
        "UPDATE addresses SET street = 'erased', city = 'erased', postcode = '0' WHERE customer_id = $1", customer_id
    )


async def _anonymise(conn: asyncpg.Connection, customer_id: int) -> bool:
    done = await conn.execute(
        "UPDATE customers SET email = 'erased-' || id, name = 'erased', phone = NULL, profile = '{}', "
        "newsletter = false, deleted_at = now() WHERE id = $1 AND deleted_at IS NULL",
        customer_id,
    )
    return done == "UPDATE 1"


async def erase(dsn: str, customer_id: int) -> bool:
    """Erase all personal data of a customer; False if there is nothing left to erase."""
    conn = await asyncpg.connect(dsn, timeout=2, command_timeout=2)
    try:
        async with conn.transaction():
            await _forget_sessions(conn, customer_id)
            await _forget_addresses(conn, customer_id)
            return await _anonymise(conn, customer_id)
    finally:
        await conn.close(timeout=2)
