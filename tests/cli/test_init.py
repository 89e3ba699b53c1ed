"""`prodparity init`: settings, an example, and a profile from models."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_prodparity.cli import demo
from pytest_prodparity.profile.model import ColumnStatistics, Profile
from pytest_prodparity.profile.store import load

MODELS = """\
import enum
from datetime import datetime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    metadata = MetaData(schema="Sales Dept")

class State(enum.Enum):
    open = "open"
    paid = "paid"

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)

class Order(Base):
    __tablename__ = "Order"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    state: Mapped[State]
    channel: Mapped[str | None] = mapped_column(CheckConstraint("channel IN ('web', 'it''s')", name="channels"))
    placed_at: Mapped[datetime] = mapped_column(index=True)
    follows: Mapped[int | None] = mapped_column(ForeignKey("Sales Dept.Order.id"))

class Line(Base):
    __tablename__ = "lines"
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
"""
DJANGO = {
    "site_settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["stock"]\nDEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"\n',
    "stock/__init__.py": "",
    "stock/models.py": """\
from django.db import models

class Shelf(models.Model):
    label = models.CharField(max_length=20, unique=True)

class Item(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)
    weight = models.DecimalField(max_digits=8, decimal_places=3)
""",
}


def prodparity(folder: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", *arguments],
        cwd=folder, env={**os.environ, "PRODPARITY_CACHE": str(cache), "COLUMNS": "120"}, stdin=subprocess.DEVNULL, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def column(profile: Profile, table: str, name: str) -> ColumnStatistics:
    found = profile.table(table)
    assert found is not None
    statistics = next(each.statistics for each in found.columns if each.name == name)
    assert statistics is not None
    return statistics


def test_without_models_settings_and_an_example_are_written_once(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"')
    first = prodparity(tmp_path, cache, "init")
    assert first.returncode == 0, first.stderr
    text = (tmp_path / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "shop"\n\n[tool.prodparity]\n')
    assert "@pytest.mark.prodparity" in (tmp_path / "tests/test_parity.py").read_text()
    assert "prodparity capture URL" in first.stdout
    again = prodparity(tmp_path, cache, "init")
    assert (tmp_path / "pyproject.toml").read_text() == text
    assert again.stdout.count("left as it is") == 2


def test_a_profile_is_declared_from_models(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    done = prodparity(
        tmp_path, cache, "init", "--models", "models:Base", "--rows", 'Order=5_000_000,"Sales Dept"."lines"=12000000'
    )
    assert done.returncode == 0, done.stderr
    assert "declared, not captured" in done.stdout
    profile = load(tmp_path / "parity").profile
    assert (profile.origin, profile.database) == ("declared", "models")
    assert {table.name: round(table.rows) for table in profile.tables} == {
        "Order": 5_000_000, "lines": 12_000_000, "customers": 1_000_000,
    }  # fmt: skip
    state, channel, customer = (column(profile, "Order", name) for name in ("state", "channel", "customer_id"))
    assert state.most_common_vals == ["open", "paid"]
    assert channel.most_common_vals == ["web", "it's"]
    assert customer.n_distinct == pytest.approx(-0.2)
    plan = prodparity(tmp_path, cache, "explain", 'SELECT * FROM "Sales Dept"."Order" WHERE customer_id = 7')
    assert "declared" in plan.stdout
    assert "Seq Scan" in plan.stdout
    assert "rows=5)" in plan.stdout
    assert "of 5,000,000" in plan.stdout


def test_a_profile_is_declared_from_djangos_models(tmp_path: Path, cache: Path) -> None:
    for name, text in DJANGO.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    done = prodparity(tmp_path, cache, "init", "--models", "site_settings", "--rows", "stock_item=300000")
    assert done.returncode == 0, done.stderr
    profile = load(tmp_path / "parity").profile
    shelf = profile.table("stock_shelf")
    assert shelf is not None
    assert round(shelf.rows) == 60_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "models:Bas"], "models has no declarative base 'Bas' (did you mean 'Base'?)"),
        (["--models", "modelz:Base"], "modelz cannot be imported"),
        (["--models", "empty:Base"], "no table is declared there"),
        (["--models", "models:Base", "--rows", "order=5"], "the models have no table 'order' (did you mean 'Order'?)"),
        (["--models", "models:Base", "--rows", "Order=many"], "--rows 'Order=many' is not TABLE=N"),
        (["--models", "foreign:Base"], 'PostgreSQL does not take these tables: type "geometry" does not exist'),
        (["--rows", "Order=5"], "--rows says what the tables of --models will hold"),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_is_written(
    tmp_path: Path, cache: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "empty.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"
    )
    (tmp_path / "foreign.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\nfrom sqlalchemy.types import UserDefinedType\n"
        "class Geometry(UserDefinedType):\n    cache_ok = True\n    def get_col_spec(self, **_): return 'geometry'\n"
        "Base = MetaData()\nTable('places', Base, Column('id', Integer, primary_key=True), Column('at', Geometry()))\n"
    )
    done = prodparity(tmp_path, cache, "init", *arguments)
    assert said in done.stderr
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "parity").exists()
    assert not (tmp_path / "pyproject.toml").exists()


def test_what_was_captured_is_not_replaced_by_what_is_declared(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    shutil.copytree(Path(demo.__file__).parent.parent / "demo/parity", tmp_path / "parity")
    before = (tmp_path / "parity/profile.json").read_bytes()
    done = prodparity(tmp_path, cache, "init", "--models", "models:Base")
    assert done.returncode == 2
    assert "was captured from production" in done.stderr
    assert (tmp_path / "parity/profile.json").read_bytes() == before
