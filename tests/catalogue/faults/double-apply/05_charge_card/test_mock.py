from decimal import Decimal
from unittest.mock import patch

import app


def test_charge_in_cents():
    payments = app.Payments("http://pay/", "k")
    with patch.object(payments.session, "post") as post:
        post.return_value.json.return_value = {"id": "ch_7"}
        assert payments.charge("card_1", Decimal("19.99")) == "ch_7"
    assert post.call_args.args == ("http://pay/v1/charges",)
    assert post.call_args.kwargs["json"]["amount"] == 1999
