"""Right to be forgotten: addresses."""

from sqlalchemy import Engine, text


def forget_addresses(engine: Engine, customer_id: int) -> int:
    """Detach and delete the addresses of one customer; returns how many went."""
    with engine.begin() as conn:
        conn.execute(
            text("UPDATE orders SET address_id = NULL WHERE customer_id = :customer AND address_id IS NOT NULL"),
            {"customer": customer_id},
        )
        gone = conn.execute(text("DELETE FROM addresses WHERE customer_id = :customer"), {"customer": customer_id})
    return gone.rowcount
