from datetime import UTC, datetime
from unittest.mock import MagicMock

import app

START = datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_book():
    engine = MagicMock()
    conn = engine.begin.return_value.__enter__.return_value
    conn.execute.return_value.scalar.return_value = 0
    assert app.book(engine, 5, START, START.replace(hour=11)) == "call-5-1000"
    assert conn.execute.call_args.args[1]["customer"] == 5
