from datetime import date
from decimal import Decimal
from unittest.mock import MagicMock

import app
import pytest


@pytest.mark.parametrize("found", [None, (Decimal(1),)])
def test_store(found):
    engine = MagicMock()
    conn = engine.begin.return_value.__enter__.return_value
    conn.execute.return_value.first.return_value = found
    app.store(engine, "USD", date(2026, 12, 1), Decimal("1.1"))
    assert conn.execute.call_args.args[1]["rate"] == Decimal("1.1")
