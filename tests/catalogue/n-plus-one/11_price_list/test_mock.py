import io
from decimal import Decimal
from unittest.mock import MagicMock

import app

FILE = "sku,name,price\nA1,Mug ,9.50\nA2, Plate,12\n"


def test_read():
    rows = list(app.read(io.StringIO(FILE), 3))
    assert rows[0] == {"tenant_id": 3, "sku": "A1", "name": "Mug", "price": Decimal("9.50")}
    assert rows[1]["name"] == "Plate"


def test_import_counts_rows():
    engine = MagicMock()
    assert app.import_products(engine, 3, io.StringIO(FILE)) == 2
    assert engine.begin.return_value.__enter__.return_value.execute.called
