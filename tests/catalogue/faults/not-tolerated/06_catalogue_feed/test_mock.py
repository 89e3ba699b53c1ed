from decimal import Decimal
from unittest.mock import patch

import app
import requests


def test_pages():
    pages = [
        {"items": [{"sku": "A", "name": "Mug", "price": "9.90"}], "next": 2},
        requests.ConnectionError("refused"),
        {"items": [{"sku": "B", "name": "Cup", "price": "4.90"}], "next": None},
    ]
    with patch.object(app, "_get", side_effect=pages), patch.object(app.time, "sleep"):
        items = app.catalogue("http://supplier")
    assert items == [app.Item("A", "Mug", Decimal("9.90")), app.Item("B", "Cup", Decimal("4.90"))]
