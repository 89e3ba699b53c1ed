from datetime import date
from unittest.mock import MagicMock

import app


def test_the_next_number():
    engine = MagicMock()
    conn = engine.begin.return_value.__enter__.return_value
    conn.scalar.return_value = "000041"
    assert app.issue(engine, 1, 4, date(2024, 2, 1)) == "000042"
    assert conn.execute.call_args.args[1]["due"] == date(2024, 3, 2)
