"""Loads a supplier's price list into the catalogue."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import TextIO

from sqlalchemy import BigInteger, Column, Engine, MetaData, Numeric, Table, Text, insert

metadata = MetaData()
products = Table(
    "products",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant_id", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("price", Numeric(10, 2), nullable=False),
)


def read(file: TextIO, tenant_id: int) -> Iterator[dict[str, object]]:
    for row in csv.DictReader(file):
        yield {
            "tenant_id": tenant_id,
            "sku": row["sku"].strip(),
            "name": row["name"].strip(),
            "price": Decimal(row["price"]),
        }


def import_products(engine: Engine, tenant_id: int, file: TextIO) -> int:
    """Insert all products of the file in one transaction; returns their number."""
    count = 0
    with engine.begin() as conn:
        for row in read(file, tenant_id):
            conn.execute(insert(products).values(**row))  # <- here
            count += 1
    return count
