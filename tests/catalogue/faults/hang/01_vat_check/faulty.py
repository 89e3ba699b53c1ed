"""Checks VAT numbers before an invoice without VAT is written."""

from __future__ import annotations

import re

import psycopg
import requests

PATTERN = re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")


class Unverified(Exception):
    pass


def is_valid(registry: str, number: str) -> bool:
    if not PATTERN.fullmatch(number):
        return False
    response = requests.get(f"{registry}/check/{number}")
    response.raise_for_status()
    return bool(response.json()["valid"])


def exempt(conn: psycopg.Connection, registry: str, customer_id: int, number: str) -> None:
    """Note a customer's VAT number; invoices then carry no VAT."""
    number = number.replace(" ", "").upper()
    if not is_valid(registry, number):
        raise Unverified(number)
    conn.execute(
        "UPDATE customers SET profile = profile || jsonb_build_object('vat', %s::text) WHERE id = %s",
        (number, customer_id),
    )
    conn.commit()
