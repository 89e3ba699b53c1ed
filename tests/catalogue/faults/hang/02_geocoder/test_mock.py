from unittest.mock import MagicMock

import app
import pytest


@pytest.mark.parametrize(("status", "expected"), [(200, "89073"), (404, None)])
def test_lookup(status, expected):
    client = MagicMock()
    client.get.return_value = MagicMock(status_code=status, json=lambda: {"postcode": "89073"})
    assert app.lookup(client, "Main 1", "Ulm") == expected


def test_client_is_named():
    with app.geocoder("http://geo") as client:
        assert client.headers["User-Agent"] == "shop"
