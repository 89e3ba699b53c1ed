from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("row", "job"), [((4,), 4), (None, None)])
def test_claim(row, job):
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = row
        assert app.Worker("dbname=x", "mail").claim() == job
