"""Hermitage's anomalies on PostgreSQL: found under each isolation level where they can occur, proven absent where not."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pytest_prodparity.databases.embedded import Embedded
from tests.postgres.races.anomalies import ANOMALIES, LEVELS
from tests.postgres.races.stage import looked_for


def run() -> tuple[list[list[str]], dict[str, object]]:
    """A cell for each anomaly and level."""
    provider = Embedded(throw_away=True)
    table = [["anomaly", *LEVELS]]
    right = cells = schedules = 0
    began = time.perf_counter()
    try:
        server = provider.start()
        for anomaly in ANOMALIES:
            row = [f"{anomaly.name} ({anomaly.said})"]
            for level in LEVELS:
                verdict, searched = looked_for(server, anomaly, level)
                cells += 1
                right += verdict == ("found" if level in anomaly.occurs else "absent")
                schedules += searched
                row.append(f"{verdict} ({searched})")
            table.append(row)
    finally:
        provider.stop()
    return table, {
        "cells": cells,
        "right": right,
        "schedules": schedules,
        "seconds": round(time.perf_counter() - began, 1),
    }
