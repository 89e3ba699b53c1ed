from decimal import Decimal
from unittest.mock import patch

import app
import pytest


def test_what_is_left():
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = (Decimal(100),)
        assert app.refund("dbname=unused", 4, Decimal(30)) == 70


def test_too_much():
    with patch.object(app.psycopg, "connect") as connect, pytest.raises(app.TooMuch):
        connect.return_value.__exit__.return_value = False
        connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = (Decimal(20),)
        app.refund("dbname=unused", 4, Decimal(30))
