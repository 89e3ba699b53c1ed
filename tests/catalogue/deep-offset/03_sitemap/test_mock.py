import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def test_sitemap():
    products = [app.Product(id=1, sku="MUG"), app.Product(id=2, sku="POT")]
    query = MagicMock()
    query.order_by.return_value = products
    with patch.object(app.Product, "objects") as objects:
        objects.filter.return_value = query
        assert app.sitemap() == "https://shop.example/p/1-MUG\nhttps://shop.example/p/2-POT\n"
