from unittest.mock import MagicMock, patch

import app
import pytest


def test_rows_are_cleaned():
    with patch.object(app, "execute_batch") as execute_batch:
        assert app.import_customers(MagicMock(), 3, "email;name;country\n Ann@X.org ;Ann;de\n") == 1
    assert execute_batch.call_args.args[2] == [(3, "ann@x.org", "Ann", "DE")]


def test_missing_name():
    with pytest.raises(app.BadFile, match="line 2: no name"):
        app.parse("email;name;country\na@x.org;;de\n")
