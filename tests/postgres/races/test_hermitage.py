"""Each anomaly of Hermitage's table is found where PostgreSQL lets it occur, and proven absent where it does not."""

from __future__ import annotations

import pytest

from pytest_prodparity.databases.provider import Server
from tests.postgres.races.anomalies import ANOMALIES, LEVELS, Anomaly
from tests.postgres.races.stage import looked_for

LONG = {("OTV", "serializable"), ("OTV", "read committed")}
"""Hundreds of orders: `python -m benchmarks hermitage` runs them."""


CELLS = [(anomaly, level) for anomaly in ANOMALIES for level in LEVELS if (anomaly.name, level) not in LONG]


@pytest.mark.parametrize(("anomaly", "level"), CELLS, ids=lambda part: getattr(part, "name", str(part)))
def test_an_anomaly_is_found_where_it_can_occur(server: Server, anomaly: Anomaly, level: str) -> None:
    verdict, _ = looked_for(server, anomaly, level)
    assert verdict == ("found" if level in anomaly.occurs else "absent")
