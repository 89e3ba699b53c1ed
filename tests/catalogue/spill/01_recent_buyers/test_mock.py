from datetime import UTC, datetime
from unittest.mock import MagicMock

import app


def test_recent_buyers():
    ann = app.Customer(id=1, name="Ann")
    session = MagicMock()
    session.scalars.return_value = iter([ann])
    assert app.recent_buyers(session, datetime.now(UTC)) == [ann]
