import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import MagicMock, patch

import app


def test_reviews_are_counted():
    product = MagicMock(attributes={"colour": "red"})
    with patch.object(app.Product, "objects") as products, patch.object(app.Review, "objects") as reviews:
        products.get.return_value = products.select_for_update.return_value.get.return_value = product
        reviews.filter.return_value.count.return_value = 3
        app.add_review.__wrapped__(4, 5, 3)
    assert product.attributes == {"colour": "red", "reviews": 3}
    product.save.assert_called_once_with(update_fields=["attributes"])
