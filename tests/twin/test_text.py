"""Plans as people read them, and as seconds."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_prodparity.profile.model import Column, Profile, Table
from pytest_prodparity.twin.clock import BAND, estimated_seconds
from pytest_prodparity.twin.plan import Node, Plan
from pytest_prodparity.twin.text import lines, title


def plan(kind: str, *below: dict[str, Any], **fields: Any) -> dict[str, Any]:
    named = {key.replace("_", " "): value for key, value in fields.items()}
    return {"Node Type": kind, "Startup Cost": 0.0, "Total Cost": 12.5, "Plan Rows": 10, "Plans": list(below), **named}


ORDERS = Table(
    schema="public", name="orders", kind="table", columns=[Column(name="id", type="bigint")], tuples=48_211_904
)
PROFILE = Profile(captured_at="", server_version=180000, database="x", identity="x", schema_sha256="", tables=[ORDERS])


def test_a_plan_reads_like_explain() -> None:
    scan = plan(
        "Seq Scan", Relation_Name="orders", Schema="public", Alias="o", Filter="(o.total > 5)", Parallel_Aware=True
    )
    key = plan("Index Scan", Relation_Name="customers", Schema="public", Alias="customers", Index_Name="customers_pkey",
               Index_Cond="(customers.id = o.customer_id)")  # fmt: skip
    loop = plan("Nested Loop", scan, key, Join_Type="Left", Total_Cost=123456.7)
    root = plan("Sort", loop, Sort_Key=["o.id DESC", "o.total"])
    assert lines(Plan(Node(root)), PROFILE) == (
        "Sort  (cost=12.50 rows=10)",
        "  Sort Key: o.id DESC, o.total",
        "  ->  Nested Loop Left Join  (cost=123,457 rows=10)",
        "        ->  Parallel Seq Scan on public.orders o  (cost=12.50 rows=10 of 48,211,904)",
        "              Filter: (o.total > 5)",
        "        ->  Index Scan using customers_pkey on public.customers  (cost=12.50 rows=10)",
        "              Index Cond: (customers.id = o.customer_id)",
    )


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (plan("Aggregate", Strategy="Hashed", Partial_Mode="Partial"), "Partial HashAggregate"),
        (plan("Aggregate", Strategy="Plain", Partial_Mode="Simple"), "Aggregate"),
        (plan("ModifyTable", Operation="Delete", Relation_Name="a", Schema="s", Alias="a"), "Delete on s.a"),
        (plan("Hash Join", Join_Type="Anti"), "Hash Anti Join"),
        (plan("Hash Join", Join_Type="Inner"), "Hash Join"),
        (
            plan("Index Scan", Scan_Direction="Backward", Index_Name="i", Relation_Name="a", Schema="s"),
            "Index Scan Backward using i on s.a",
        ),
        (plan("Bitmap Index Scan", Index_Name="i"), "Bitmap Index Scan on i"),
        (plan("CTE Scan", CTE_Name="c"), "CTE Scan on c"),
        (plan("SetOp", Strategy="Hashed", Command="Except"), "HashSetOp Except"),
    ],
)
def test_a_node_has_its_name(node: dict[str, Any], said: str) -> None:
    assert title(Node(node)) == said


def test_a_long_condition_is_cut() -> None:
    (_, detail) = lines(Plan(Node(plan("Seq Scan", Filter="x" * 1000))))
    assert len(detail) < 180
    assert detail.endswith("…")


def test_seconds_come_with_a_band_and_know_scaled_costs() -> None:
    made = Plan(Node(plan("Seq Scan", Total_Cost=1_000_000.0)))
    low, middle, high = estimated_seconds(made)
    assert low * BAND == pytest.approx(middle) == pytest.approx(high / BAND)
    assert estimated_seconds(made, {"cpu_tuple_cost": "0.1"})[1] == pytest.approx(middle / 10)
    assert estimated_seconds(made, {"cpu_tuple_cost": "0"})[1] == pytest.approx(middle)
