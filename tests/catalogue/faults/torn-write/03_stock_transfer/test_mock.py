from unittest.mock import patch

import app
import pytest


def test_transfer_takes_and_gives():
    with patch.object(app, "engine") as engine:
        conn = engine.begin.return_value.__enter__.return_value
        engine.begin.return_value.__exit__.return_value = False
        conn.execute.return_value.rowcount = 1
        app.transfer(5, 1, 2, 3)
    assert [call.args[1]["w"] for call in conn.execute.call_args_list] == [1, 2]


def test_not_enough():
    with patch.object(app, "engine") as engine:
        engine.begin.return_value.__exit__.return_value = False
        engine.begin.return_value.__enter__.return_value.execute.return_value.rowcount = 0
        with pytest.raises(app.InsufficientStock):
            app.transfer(5, 1, 2, 3)
