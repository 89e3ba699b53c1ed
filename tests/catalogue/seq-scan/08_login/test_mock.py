from unittest.mock import patch

import app
import pytest
from django.db import models


class FakeQuery(list):
    def first(self):
        return self[0] if self else None

    def order_by(self, *fields):
        return self


@pytest.fixture
def objects():
    with patch.object(app.Customer, "objects") as objects:
        yield objects


def test_known_address(objects):
    ann = app.Customer(id=1, email="ann@x.org", name="Ann")
    objects.filter.return_value = FakeQuery([ann])
    assert app.customer_for_login(" ANN@x.org") is ann
    assert objects.filter.call_args.kwargs["email__iexact"] == "ANN@x.org"


def test_unknown_address(objects):
    objects.filter.return_value = FakeQuery()
    with pytest.raises(app.LoginFailed):
        app.customer_for_login("bob@x.org")
