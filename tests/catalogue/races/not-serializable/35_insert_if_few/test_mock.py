from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.mark.parametrize("rowcount", [0, 1])
def test_trial(rowcount):
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = cur = MagicMock(rowcount=rowcount)
        assert app.trial_coupon("dbname=x", 1, 2) is bool(rowcount)
    assert cur.execute.call_args.args[1]["code"] == "TRIAL-2"
