from unittest.mock import patch

import app
import pytest


def test_award():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.rowcount = 1
        app.Points("dbname=x").award(3, 5)
    connect.return_value.commit.assert_called_once_with()


def test_not_enough():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.rowcount = 0
        with pytest.raises(app.NotEnough):
            app.Points("dbname=x").spend(3, 5)
    connect.return_value.commit.assert_not_called()
