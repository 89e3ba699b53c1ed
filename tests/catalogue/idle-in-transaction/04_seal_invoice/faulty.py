"""Seals invoices with a memory-hard digest (the auditors asked for it)."""

import asyncio
import hashlib

import asyncpg


def seal(number: str, amount: str, rounds: int = 10) -> str:
    """Chained scrypt over the invoice's number and amount, some tenths of a second."""
    digest = f"{number}|{amount}".encode()
    for _ in range(rounds):
        digest = hashlib.scrypt(digest, salt=b"invoice-seal", n=2**13, r=8, p=1)
    return digest.hex()[:32]


async def seal_invoice(conn: asyncpg.Connection, invoice_id: int) -> str:
    async with conn.transaction():
        invoice = await conn.fetchrow(  # <- here
            "SELECT tenant_id, order_id, number, amount FROM invoices WHERE id = $1 FOR UPDATE", invoice_id
        )
        value = await asyncio.to_thread(seal, invoice["number"], str(invoice["amount"]))
        await conn.execute("UPDATE orders SET notes = $2 WHERE id = $1", invoice["order_id"], f"seal {value}")
    return value
