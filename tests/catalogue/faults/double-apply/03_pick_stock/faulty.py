"""The warehouse's handhelds report what was picked."""

from __future__ import annotations

import functools
import os
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

P = ParamSpec("P")
T = TypeVar("T")


def make_engine() -> Engine:
    return create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"), pool_size=2, pool_pre_ping=True)


engine = make_engine()


def resilient(attempts: int = 4) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Try a function again when the database has a hiccup."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for attempt in range(attempts):
                try:
                    return function(*args, **kwargs)
                except DBAPIError:
                    if attempt == attempts - 1:
                        raise
                    time.sleep(random.uniform(0.02, 0.05) * 2**attempt)
            raise RuntimeError("no attempts")

        return wrapper

    return decorate


@resilient()
def picked(product_id: int, warehouse_id: int, pieces: int) -> int:
    """Book pieces out of a shelf; returns what is left there."""
    with engine.begin() as conn:
        return conn.execute(
            text(
                "UPDATE inventory SET quantity = quantity - :n, updated_at = now() "
                "WHERE product_id = :p AND warehouse_id = :w AND quantity >= :n RETURNING quantity"
            ),
            {"n": pieces, "p": product_id, "w": warehouse_id},
        ).scalar_one()
