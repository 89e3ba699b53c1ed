"""Recorded interactions a second, held against a specification of a large vendor's size: read from disk, and judged.

1,200 paths and 2,400 schemas that refer to each other; lists of 30 objects of about 20 fields with alternatives. In one process, once with nothing
known yet, the collector off as in the command. `PRODPARITY_OPENAPI_INTERACTIONS` sets the number.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from pytest_prodparity.gate.quiet import uncollected
from pytest_prodparity.recordings.drift import compare
from pytest_prodparity.recordings.openapi.spec import Spec
from pytest_prodparity.recordings.reading import find

INTERACTIONS = int(os.environ.get("PRODPARITY_OPENAPI_INTERACTIONS", "2000"))
PATHS = 1200
A_FILE = 20
RUNS = 5


def run() -> tuple[list[list[str]], dict[str, object]]:
    """One interaction in ten has drifted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = _write(folder)
        began = time.perf_counter()
        spec = Spec.load(folder / "openapi.json")
        loaded = time.perf_counter() - began
        reading, judging, spent, told = [], [], [], set()
        for _ in range(RUNS):
            began, processor = time.perf_counter(), time.process_time()
            with uncollected():
                cassettes = find([folder / "cassettes"])
            reading.append(time.perf_counter() - began)
            processor -= time.process_time()
            spec = Spec.load(folder / "openapi.json")
            processor += time.process_time()
            began = time.perf_counter()
            with uncollected():
                outcome = compare(cassettes, specs=[spec], now=datetime(2024, 1, 1, tzinfo=UTC))
            judging.append(time.perf_counter() - began)
            spent.append(time.process_time() - processor)
            told.add((outcome.judged, sum(one.times for one in outcome.differences)))
    if told != {(INTERACTIONS, INTERACTIONS // 10)}:
        raise SystemExit(f"{INTERACTIONS} interactions, {INTERACTIONS // 10} drifted, and it says {told}")
    read, judge = statistics.median(reading), statistics.median(judging)
    both = INTERACTIONS / (read + judge)
    table = [
        [
            f"{INTERACTIONS:,} interactions in {INTERACTIONS // A_FILE} cassettes, {size / (1 << 20):.1f} MB; {PATHS:,} paths",
            "a second",
        ],
        [f"judged, median of {RUNS}", f"{INTERACTIONS / judge:,.0f}"],
        ["read from YAML", f"{INTERACTIONS / read:,.0f}"],
        ["both", f"{both:,.0f}"],
        ["both, of a processor's second", f"{INTERACTIONS / statistics.median(spent):,.0f}"],
        ["the specification is loaded in", f"{loaded:.2f} s"],
    ]
    return table, {
        "interactions_s": round(both),
        "judged_s": round(INTERACTIONS / judge),
        "read_s": round(INTERACTIONS / read),
        "interactions_processor_s": round(INTERACTIONS / statistics.median(spent)),
        "load_s": round(loaded, 3),
        "drift_found": INTERACTIONS // 10,
    }


def _write(folder: Path) -> int:
    (folder / "openapi.json").write_text(json.dumps(_specification()), encoding="utf-8")
    (folder / "cassettes").mkdir()
    for first in range(0, INTERACTIONS, A_FILE):
        entries = [_interaction(number) for number in range(first, min(first + A_FILE, INTERACTIONS))]
        text = yaml.dump({"version": 1, "interactions": entries}, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        (folder / "cassettes" / f"{first}.yaml").write_text(text, encoding="utf-8")
    return sum(path.stat().st_size for path in (folder / "cassettes").iterdir())


def _specification() -> dict[str, Any]:
    schemas: dict[str, Any] = {"deleted": {"type": "object", "required": ["id", "deleted"], "properties": {"id": {"type": "string"}, "deleted": {"type": "boolean"}}}}  # fmt: skip
    for number in range(PATHS):
        other = {"$ref": f"#/components/schemas/part{(number + 1) % PATHS}"}
        fields: dict[str, Any] = {
            f"field_{at}": {"type": "string", "nullable": True, "maxLength": 500} for at in range(12)
        }
        schemas[f"part{number}"] = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, "parent": {"anyOf": [{"type": "string"}, other]}, "at": {"type": "string", "format": "date-time"}}}  # fmt: skip
        schemas[f"thing{number}"] = {
            "allOf": [
                {"type": "object", "required": ["id", "total"], "properties": {"id": {"type": "string"}, "total": {"type": "integer"}, **fields}},
                {"type": "object", "properties": {"part": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/deleted"}, {"$ref": f"#/components/schemas/part{number}"}]}, "metadata": {"type": "object", "additionalProperties": {"type": "string"}}}},
            ]
        }  # fmt: skip
    paths = {
        f"/v1/things_{number}/{{id}}/list": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}, {"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": {"$ref": f"#/components/schemas/thing{number}"}}}}}}}},
            }
        }
        for number in range(PATHS)
    }  # fmt: skip
    return {"openapi": "3.0.3", "info": {"title": "Large", "version": "1"}, "servers": [{"url": "https://api.large.example"}], "paths": paths, "components": {"schemas": schemas}}  # fmt: skip


def _interaction(number: int) -> dict[str, Any]:
    part = {"kind": "a", "parent": {"kind": "b", "parent": "p_1"}, "at": "2024-01-31T12:00:00Z"}
    things = [
        {"id": f"t_{at}", "total": at, "part": part if at % 2 else "p_2", "metadata": {"order": "7"}, **{f"field_{n}": f"text {n}" if n % 3 else None for n in range(12)}}
        for at in range(30)
    ]  # fmt: skip
    if number % 10 == 0:
        things[-1]["total"] = "12.50"
    url = f"https://api.large.example/v1/things_{number % PATHS}/c_{number}/list?limit=30"
    return {
        "request": {"method": "GET", "uri": url, "headers": {"Accept": ["application/json"]}, "body": None},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {"Content-Type": ["application/json"]}, "body": {"string": json.dumps({"data": things})}},
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run()[1]))
