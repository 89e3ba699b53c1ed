from unittest.mock import MagicMock

import app
import pytest


def reserved(free):
    engine = MagicMock()
    engine.begin.return_value.__exit__.return_value = False
    conn = engine.begin.return_value.__enter__.return_value
    conn.execute.return_value.scalar_one.return_value = free
    conn.execute.return_value.rowcount = int(free)
    app.reserve(engine, 3, 2)
    return conn


def test_reserve():
    assert "UPDATE inventory" in str(reserved(True).execute.call_args.args[0])


def test_sold_out():
    with pytest.raises(app.SoldOut):
        reserved(False)
