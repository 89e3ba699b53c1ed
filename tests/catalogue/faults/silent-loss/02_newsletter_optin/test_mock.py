from unittest.mock import MagicMock

import app
import pytest


def test_confirm():
    engine = MagicMock()
    engine.begin.return_value.__exit__.return_value = False
    assert app.confirm(engine, 2, " Ann@ACME.example ") == "/newsletter/thank-you"
    args = engine.begin.return_value.__enter__.return_value.execute.call_args.args
    assert args[1] == {"tenant": 2, "email": "Ann@acme.example", "name": "Ann@acme.example"}


def test_no_address():
    with pytest.raises(ValueError):
        app.confirm(MagicMock(), 2, "ann")
