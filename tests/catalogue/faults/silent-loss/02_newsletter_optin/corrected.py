"""Newsletter: people may click the confirmation link twice."""

from contextlib import suppress

from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError


def normalise(address: str) -> str:
    local, _, domain = address.strip().partition("@")
    if not domain:
        raise ValueError(f"not an address: {address!r}")
    return f"{local}@{domain.lower()}"


def confirm(engine: Engine, tenant_id: int, address: str, name: str = "") -> str:
    """Subscribe `address`; whoever is a customer already is left alone. Returns the page to show."""
    email = normalise(address)
    with suppress(IntegrityError), engine.begin() as conn:
        conn.execute(
            text("INSERT INTO customers (tenant_id, email, name, newsletter) VALUES (:tenant, :email, :name, true)"),
            {"tenant": tenant_id, "email": email, "name": name or email},
        )
    return "/newsletter/thank-you"
