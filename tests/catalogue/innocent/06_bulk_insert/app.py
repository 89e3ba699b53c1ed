"""Writes a batch of audit events."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg


@dataclass
class Event:
    tenant_id: int
    entity_type: str
    entity_id: int
    action: str
    payload: dict[str, Any] = field(default_factory=dict)


def write(conn: psycopg.Connection, events: Iterable[Event]) -> None:
    rows = [(e.tenant_id, e.entity_type, e.entity_id, e.action, json.dumps(e.payload)) for e in events]
    with conn.cursor() as cur:
        cur.executemany(
            "INSERT INTO events (tenant_id, entity_type, entity_id, action, payload) VALUES (%s, %s, %s, %s, %s)", rows
        )
    conn.commit()
