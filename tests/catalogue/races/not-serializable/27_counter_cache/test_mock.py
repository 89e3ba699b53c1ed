import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_review():
    review = app.review.__wrapped__
    with patch.object(app.Review, "objects") as reviews, patch.object(app.Customer, "objects") as customers:
        reviews.filter.return_value.count.return_value = 1
        review(3, 4, 5)
    reviews.create.assert_called_once_with(customer_id=3, product_id=4, stars=5)
    customers.filter.return_value.update.assert_called_once()
