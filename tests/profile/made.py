"""A small profile made by hand."""

from __future__ import annotations

from pytest_prodparity.profile.model import Column, ColumnStatistics, Constraint, Index, Profile, Table
from pytest_prodparity.profile.store import digest

SCHEMA = "CREATE TABLE public.orders (id bigint);\n"


def statistics(n_distinct: float = -1.0, *, width: int = 8, values: list[str] | None = None) -> ColumnStatistics:
    return ColumnStatistics(
        null_frac=0.25,
        avg_width=width,
        n_distinct=n_distinct,
        most_common_vals=values,
        most_common_freqs=[0.5 / len(values)] * len(values) if values else None,
    )


def orders() -> Table:
    """A million rows, 100 a page, in 10 000 pages; production has grown to 12 000 pages since."""
    return Table(
        schema="public",
        name="orders",
        kind="table",
        columns=[
            Column(name="id", type="bigint", not_null=True, statistics=statistics()),
            Column(name="customer_id", type="bigint", statistics=statistics(50_000.0)),
            Column(name="status", type="text", statistics=statistics(3.0, values=["open", "paid", "sent"])),
        ],
        indexes=[
            Index(
                name="orders_pkey",
                method="btree",
                definition="CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id)",
                columns=["id"],
                unique=True,
                primary=True,
                pages=2745,
                tuples=1_000_000,
                size=2745 * 8192,
                height=2,
            )
        ],
        constraints=[Constraint(name="orders_pkey", kind="primary key", definition="PRIMARY KEY (id)", columns=["id"])],
        pages=10_000,
        tuples=1_000_000,
        all_visible=9_000,
        all_frozen=5_000,
        size=12_000 * 8192,
        ends={"id": ["1", "1200000"]},
    )


def events() -> list[Table]:
    """A partitioned table of 300 000 and 100 000 rows."""
    columns = [Column(name="id", type="bigint", inherited_statistics=statistics())]
    whole = Table(schema="public", name="events", kind="partitioned", columns=columns, tuples=400_000)
    parts = [
        Table(
            schema="public",
            name=f"events_{number}",
            kind="partition",
            columns=[Column(name="id", type="bigint", statistics=statistics())],
            pages=pages,
            tuples=rows,
            size=pages * 8192,
            parent="public.events",
            bound=f"FOR VALUES IN ({number})",
        )
        for number, rows, pages in ((1, 300_000.0, 3000), (2, 100_000.0, 1000))
    ]
    return [whole, *parts]


def profile(*tables: Table) -> Profile:
    return Profile(
        captured_at="2026-01-02T03:04:05+00:00",
        server_version=160004,
        database="shop",
        identity="0123",
        size=1_000_000_000,
        tables=[*(tables or (orders(), *events()))],
        settings={"work_mem": "4MB"},
        schema_sha256=digest(SCHEMA),
    )
