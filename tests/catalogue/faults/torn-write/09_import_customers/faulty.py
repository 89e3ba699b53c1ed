"""Imports a partner's customer list: `email;name;country` per line, first line is the header."""

import csv
import io

import psycopg2
from psycopg2.extras import execute_batch

COLUMNS = ("email", "name", "country")


class BadFile(ValueError):
    pass


def parse(text):
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    for number, row in enumerate(rows, 2):
        missing = [column for column in COLUMNS if not row.get(column)]
        if missing:
            raise BadFile(f"line {number}: no {', '.join(missing)}")
    return [(row["email"].strip().lower(), row["name"].strip(), row["country"].strip().upper()) for row in rows]


def import_customers(conn, tenant_id, text, page_size=50):
    """All rows or none: the partner sends the same file again if it was refused. Duplicates are refused, too."""
    rows = parse(text)
    conn.autocommit = True
    with conn.cursor() as cur:
        execute_batch(
            cur,
            "INSERT INTO customers (tenant_id, email, name, country) VALUES (%s, %s, %s, %s)",
            [(tenant_id, *row) for row in rows],
            page_size=page_size,
        )
    return len(rows)


def import_file(dsn, tenant_id, path):
    conn = psycopg2.connect(dsn)
    try:
        with open(path, encoding="utf-8") as file:
            return import_customers(conn, tenant_id, file.read())
    finally:
        conn.close()
