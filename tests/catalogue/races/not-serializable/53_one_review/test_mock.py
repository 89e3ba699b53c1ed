import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import patch

import app


def test_a_first_review():
    with patch.object(app.Review, "objects") as reviews:
        reviews.filter.return_value.exists.return_value = False
        reviews.get_or_create.return_value = (app.Review(), True)
        assert app.review(4, 5, 3, "It glows.")


def test_a_second_review():
    with patch.object(app.Review, "objects") as reviews:
        reviews.filter.return_value.exists.return_value = True
        reviews.get_or_create.return_value = (app.Review(), False)
        assert not app.review(4, 5, 1, "It broke.")
