from unittest.mock import patch

import app
import pytest


def test_active_customer():
    with patch.object(app, "find_customer", return_value={"id": 4, "deleted_at": None}):
        assert app.customer_id(None, 1, "ann@x.org") == 4


@pytest.mark.parametrize("found", [None, {"id": 4, "deleted_at": "2024-01-01"}])
def test_gone_customer(found):
    with patch.object(app, "find_customer", return_value=found), pytest.raises(LookupError):
        app.customer_id(None, 1, "ann@x.org")
