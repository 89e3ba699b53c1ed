from decimal import Decimal
from unittest.mock import patch

import app
import psycopg
import pytest


def test_second_attempt_succeeds():
    with patch.object(app, "_book", side_effect=[psycopg.OperationalError("gone"), None]) as book:
        with patch.object(app.time, "sleep"):
            reference = app.book_payment("dbname=x", 4, Decimal(9))
    assert book.call_args.args == ("dbname=x", 4, Decimal(9), reference)


def test_three_attempts():
    with patch.object(app, "_book", side_effect=psycopg.OperationalError("gone")) as book:
        with patch.object(app.time, "sleep"), pytest.raises(psycopg.OperationalError):
            app.book_payment("dbname=x", 4, Decimal(9))
    assert book.call_count == 3
