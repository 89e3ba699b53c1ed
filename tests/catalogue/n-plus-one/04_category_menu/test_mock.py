import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def category(id, name, count):
    category = MagicMock(id=id)
    category.name = name
    category.product_count.return_value = count
    return category


def test_menu():
    with patch.object(app.Category, "objects") as categories, patch.object(app.Product, "objects") as products:
        categories.filter.return_value.order_by.return_value = [category(1, "Mugs", 3), category(2, "Plates", 0)]
        products.filter.return_value.values_list.return_value.annotate.return_value = [(1, 3)]
        assert app.menu("kitchen") == [("Mugs", 3), ("Plates", 0)]
