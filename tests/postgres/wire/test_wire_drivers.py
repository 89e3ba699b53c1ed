"""psycopg2, asyncpg, SQLAlchemy and Django through the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
import psycopg2
import pytest
import sqlalchemy
from psycopg2.extras import execute_values
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tests.postgres.wire.watching import Watched, line

HERE = "test_wire_drivers.py"


def test_psycopg2(watched: Watched) -> None:
    connection = psycopg2.connect(watched.url())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE two (id int, note text)")
        execute_values(cursor, "INSERT INTO two VALUES %s", [(1, "a"), (2, None)])  # values
        cursor.execute("SELECT * FROM two WHERE id > %s", (0,))  # asks
        assert cursor.fetchall() == [(1, "a"), (2, None)]
        with pytest.raises(psycopg2.errors.UndefinedColumn):
            cursor.execute("SELECT wrong FROM two")
    connection.rollback()
    connection.close()
    select = watched.of("WHERE id > 0")
    assert (select.statements[0].tag, select.statements[0].rows) == ("SELECT 2", 2)
    assert str(select.source) == f"{HERE}:{line('asks')}"
    assert str(watched.of("INSERT").source) == f"{HERE}:{line('values')}"
    assert watched.of("SELECT wrong").statements[0].sqlstate == "42703"
    assert [trip.after for trip in watched.trips] == ["T", "T", "T", "T", "E", "I"]


def test_a_named_cursor_of_psycopg2(watched: Watched) -> None:
    connection = psycopg2.connect(watched.url())
    with connection.cursor(name="slow") as cursor:
        cursor.itersize = 10
        cursor.execute("SELECT generate_series(1, 25)")
        assert len(list(cursor)) == 25  # fetches
    connection.close()
    fetches = [trip for trip in watched.trips if "FETCH" in trip.statements[0].sql]
    assert [trip.statements[0].rows for trip in fetches] == [10, 10, 5, 0]
    assert {str(trip.source) for trip in fetches} == {f"{HERE}:{line('fetches')}"}


@pytest.mark.asyncio
async def test_asyncpg(watched: Watched) -> None:
    connection = await asyncpg.connect(watched.url())
    try:
        await connection.execute("CREATE TEMP TABLE three (id int, note text)")
        await connection.executemany("INSERT INTO three VALUES ($1, $2)", [(n, f"note {n}") for n in range(20)])  # many
        rows = await connection.fetch("SELECT * FROM three WHERE id < $1", 5)  # fetches 5
        assert len(rows) == 5
        rows = await connection.fetch("SELECT * FROM three WHERE id < $1", 6)
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM missing WHERE id = $1", 1)
        async with connection.transaction():
            cursor = await connection.cursor("SELECT * FROM three ORDER BY id")
            assert len(await cursor.fetch(7)) == 7
        await connection.copy_records_to_table("three", records=[(n, "copied") for n in range(1000)])
        assert await connection.fetchval("SELECT count(*) FROM three") == 1020
    finally:
        await connection.close()
    inserts = [one for one in watched.statements if one.sql.startswith("INSERT") and not one.described_only]
    assert [one.tag for one in inserts] == ["INSERT 0 1"] * 20
    assert inserts[3].parameters[1].value == b"note 3"
    selects = [one for one in watched.statements if "id < $1" in one.sql and not one.described_only]
    assert [(one.tag, one.rows) for one in selects] == [("SELECT 5", 5), ("SELECT 6", 6)]
    assert selects[0].parameters[0].oid == 0
    fetch = next(trip for trip in watched.trips if any("id < $1" in one.sql for one in trip.statements))
    assert str(fetch.source) == f"{HERE}:{line('fetches 5')}"
    assert [one.sqlstate for one in watched.statements if "missing" in one.sql] == ["42P01"]
    portal = [one for one in watched.statements if "ORDER BY id" in one.sql and one.suspended]
    assert [one.rows for one in portal] == [7]
    assert [one.tag for one in watched.statements if one.sql.startswith("COPY")] == ["COPY 1000"]


@pytest.mark.asyncio
async def test_a_pool_of_asyncpg(watched: Watched) -> None:
    async with asyncpg.create_pool(watched.url(), min_size=2, max_size=2) as pool:
        async with pool.acquire() as connection:
            await connection.fetchval("SELECT 5")
        assert await pool.fetchval("SELECT 6") == 6  # of the pool
    seen = [(one.sql, one.rows, one.suspended) for one in watched.statements if one.sql in ("SELECT 5", "SELECT 6")]
    # fetchval asks for one row and leaves the portal.
    assert seen == [("SELECT 5", 1, True), ("SELECT 6", 1, True)]
    assert str(watched.of("SELECT 6").source) == f"{HERE}:{line('of the pool')}"
    # Giving a connection back resets it, in a task of the pool's own that the test's task waits for.
    assert all(trip.source is not None and trip.actor for trip in watched.trips)


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sqlalchemy.ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


@pytest.fixture(params=["postgresql+psycopg", "postgresql+psycopg2"])
def engine(request: pytest.FixtureRequest, watched: Watched) -> Iterator[sqlalchemy.Engine]:
    engine = sqlalchemy.create_engine(watched.url(request.param))
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


def test_sqlalchemys_lazy_loads_have_the_line_that_caused_them(engine: sqlalchemy.Engine, watched: Watched) -> None:
    with Session(engine) as session:
        session.add_all([Customer(id=n, orders=[Order(id=n * 10), Order(id=n * 10 + 1)]) for n in (1, 2, 3)])
        session.commit()  # commits
    with Session(engine) as session:
        customers = session.scalars(sqlalchemy.select(Customer)).all()  # selects
        for customer in customers:
            assert len(customer.orders) == 2  # loads
    loads = [trip for trip in watched.trips if "FROM orders" in trip.statements[-1].sql]
    assert [str(trip.source) for trip in loads] == [f"{HERE}:{line('loads')}"] * 3
    assert str(watched.of("FROM customers").source) == f"{HERE}:{line('selects')}"
    inserts = [trip for trip in watched.trips if "INSERT" in trip.statements[0].sql]
    assert {str(trip.source) for trip in inserts} == {f"{HERE}:{line('commits')}"}


def _lazily(session: Session) -> int:
    customer = session.get_one(Customer, 1)
    return len(customer.orders)  # lazily


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql+psycopg"])
async def test_async_sqlalchemy_has_the_line_that_awaits_and_the_one_below(scheme: str, watched: Watched) -> None:
    engine = create_async_engine(watched.url(scheme))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add(Customer(id=1, orders=[Order(id=1), Order(id=2)]))
        await session.commit()
    async with AsyncSession(engine) as session:
        found = await session.execute(sqlalchemy.select(Customer))  # awaits
        assert len(found.all()) == 1
        session.expunge_all()
        assert await session.run_sync(_lazily) == 2  # runs
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()
    select = [trip for trip in watched.trips if any("FROM customers" in one.sql for one in trip.statements)]
    assert str(select[0].source) == f"{HERE}:{line('awaits')}"
    load = [trip for trip in watched.trips if any("FROM orders" in one.sql for one in trip.statements)]
    assert {str(trip.source) for trip in load} == {f"{HERE}:{line('lazily')}"}
    assert load[0].stack[1].startswith(f"{HERE}:{line('runs')} ")


@pytest.fixture
def django(watched: Watched) -> Iterator[Any]:
    """A Django model whose table is there, on a connection through the wire."""
    from django.apps import apps
    from django.conf import settings
    from django.db import connections, models

    if not settings.configured:
        settings.configure(DATABASES={}, USE_TZ=True, INSTALLED_APPS=[])
        import django

        django.setup()
    upstream = watched.upstream
    connections.settings["default"] = connections.configure_settings(
        {
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": "anything", "USER": upstream.user,
                "PASSWORD": upstream.password, "HOST": "127.0.0.1", "PORT": watched.wire.port,
            }
        }
    )["default"]  # fmt: skip
    if hasattr(connections._connections, "default"):
        del connections["default"]
    try:
        book = apps.get_registered_model("wire", "Book")
    except LookupError:

        class Book(models.Model):  # type: ignore[misc]
            title = models.TextField()

            class Meta:
                app_label = "wire"
                db_table = "books"

        book = Book
    table = "CREATE TABLE books (id bigint GENERATED BY DEFAULT AS IDENTITY, title text NOT NULL)"
    owner = psycopg2.connect(
        host=upstream.host, port=upstream.port, user=upstream.user, password=upstream.password, dbname=upstream.database
    )
    with owner, owner.cursor() as cursor:
        cursor.execute(table)
    yield book
    # Each worker thread of asgiref's had a connection of its own; the wire ends what is left.
    connections["default"].close()
    watched.wire.close()
    with owner, owner.cursor() as cursor:
        cursor.execute("DROP TABLE books")
    owner.close()


def test_djangos_orm(django: Any, watched: Watched) -> None:
    django.objects.create(title="One")
    for title in ("Two", "Three"):
        django.objects.create(title=title)  # creates
    books = django.objects.filter(title__startswith="T").order_by("id")
    assert [book.title for book in books] == ["Two", "Three"]  # evaluates
    select = watched.of("LIKE")
    assert str(select.source) == f"{HERE}:{line('evaluates')}"
    assert select.statements[0].rows == 2
    inserts = [trip for trip in watched.trips if trip.statements[0].sql.startswith("INSERT")]
    assert [trip.source.line for trip in inserts if trip.source][1:] == [line("creates")] * 2


@pytest.mark.asyncio
async def test_djangos_async_orm(django: Any, watched: Watched) -> None:
    await django.objects.acreate(title="One")  # acreates
    assert await django.objects.filter(title="One").acount() == 1  # acounts
    insert = next(trip for trip in watched.trips if trip.statements[0].sql.startswith("INSERT"))
    assert str(insert.source) == f"{HERE}:{line('acreates')}"
    count = next(trip for trip in watched.trips if "COUNT" in trip.statements[0].sql)
    assert str(count.source) == f"{HERE}:{line('acounts')}"
