from unittest.mock import MagicMock

import app
import pytest


def paid(points):
    engine = MagicMock()
    connected = engine.connect.return_value
    connected.execution_options.return_value.__enter__.return_value = conn = MagicMock()
    connected.execution_options.return_value.__exit__.return_value = False
    conn.begin.return_value.__exit__.return_value = False
    conn.execute.return_value.one.return_value = (4, 100)
    app.pay_with_points(engine, 3, points)
    return conn


def test_pay():
    assert paid(80).execute.call_args.args[1] == {"cents": 80, "id": 3}


def test_not_enough():
    with pytest.raises(app.NotEnough):
        paid(101)
