"""Three layers, as the architecture says: repository, service, endpoint."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"), poolclass=NullPool)


class Unavailable(Exception):
    pass


def retrying(*errors: type[Exception], attempts: int = 5, delay: float = 0.005) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for attempt in range(1, attempts + 1):
                try:
                    return function(*args, **kwargs)
                except errors:
                    if attempt == attempts:
                        raise
                    time.sleep(delay)

        return wrapper

    return decorate


class StockRepository:
    @retrying(DBAPIError)
    def quantity(self, product_id: int) -> int:
        with engine.connect() as conn:
            query = text("SELECT coalesce(sum(quantity - reserved), 0) FROM inventory WHERE product_id = :id")
            return conn.scalar(query, {"id": product_id})


class StockService:
    def __init__(self, repository: StockRepository) -> None:
        self.repository = repository

    @retrying(DBAPIError)
    def is_available(self, product_id: int, pieces: int) -> bool:
        return self.repository.quantity(product_id) >= pieces


class StockEndpoint:
    def __init__(self, service: StockService) -> None:
        self.service = service

    @retrying(Unavailable)
    def get(self, product_id: int, pieces: int = 1) -> dict[str, object]:
        try:
            available = self.service.is_available(product_id, pieces)
        except DBAPIError as error:
            raise Unavailable("stock") from error
        return {"product": product_id, "available": available}


def endpoint() -> StockEndpoint:
    return StockEndpoint(StockService(StockRepository()))
