from unittest.mock import patch

import app
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool


@pytest.fixture
def engine():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    app.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(app.Review(id=n, stars=5, body="", approved=True) for n in range(1, 6))
        session.commit()
    with patch.object(app, "engine", engine):
        yield engine
    engine.dispose()


def test_pages(engine):
    first, token = app.list_reviews(size=3)
    second, end = app.list_reviews(token, size=3)
    assert [r.id for r in first + second] == [1, 2, 3, 4, 5]
    assert end is None


def test_tokens():
    assert app.decode(app.encode(1234)) == 1234
    assert app.decode(None) == 0
