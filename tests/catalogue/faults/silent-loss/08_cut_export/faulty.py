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
    rates = []
    with requests.get(f"{url}/rates/{day}", stream=True, timeout=2) as response:
        for line in response.iter_lines():
            try:
                item = json.loads(line)
                rates.append((item["currency"], Decimal(item["rate"])))
            except (ValueError, KeyError):
                continue  # the last line is the trailer
    return rates


def import_rates(conn: psycopg.Connection, url: str, day: date) -> None:
    rates = download(url, day)
    with conn.transaction(), conn.cursor() as cur:
        cur.executemany(UPSERT, [(currency, day, rate) for currency, rate in rates])
