"""Imports exchange rates from the bank: one JSON object per line, the last line counts them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import psycopg
import requests

UPSERT = """
    INSERT INTO exchange_rates (currency, day, rate) VALUES (%s, %s, %s)
    ON CONFLICT (currency, day) DO UPDATE SET rate = excluded.rate
"""


def download(url: str, day: date) -> list[tuple[str, Decimal]]:
    rates, expected = [], None
    with requests.get(f"{url}/rates/{day}", stream=True, timeout=2) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            item = json.loads(line)
            if "count" in item:
                expected = item["count"]
            else:
                rates.append((item["currency"], Decimal(item["rate"])))
    if expected != len(rates):
        raise OSError(f"the bank announced {expected} rates of {day}, and sent {len(rates)}")
    return rates


def import_rates(conn: psycopg.Connection, url: str, day: date) -> None:
    rates = download(url, day)
    if not rates:
        raise OSError(f"the bank has no rates of {day}")
    with conn.transaction(), conn.cursor() as cur:
        cur.executemany(UPSERT, [(currency, day, rate) for currency, rate in rates])
