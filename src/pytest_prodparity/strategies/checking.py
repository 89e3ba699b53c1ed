"""CHECKs asked about one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from ..profile.model import Table
from ..synthesis.checks import Check, NotUnderstood, failing, parse
from ..synthesis.expressions import Unreadable
from ..synthesis.values import DTYPES, Form, Pool, Values, text_values
from .types import Type

_FORMS: dict[str, Form] = {
    "bool": "bool", "int2": "int2", "int4": "int4", "int8": "int8", "float4": "float4", "float8": "float8",
    "date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamp", "numeric": "numeric",
    "uuid": "uuid", "text": "text", "varchar": "text", "bpchar": "text", "name": "text",
}  # fmt: skip
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Checks:
    """A table's, those of its columns' domains among them."""

    known: list[Check]
    unknown: list[str] = field(default_factory=list)
    """Definitions that nobody here understands: a row may break them."""
    types: Mapping[str, Type]

    @classmethod
    def of(cls, table: Table, types: Mapping[str, Type]) -> Checks:
        """Read from the profile."""
        bases = {name: ("_" if kind.array else "") + kind.base for name, kind in types.items()}
        found: list[Check | NotUnderstood] = [
            parse(one.definition, types=bases) for one in table.constraints if one.kind == "check"
        ]
        found += [
            parse(text, value=name, types=bases)
            for name, kind in types.items()
            if not kind.array
            for text in kind.checks
        ]
        return cls(
            known=[one for one in found if isinstance(one, Check) and one.enforced],
            unknown=[one.text for one in found if isinstance(one, NotUnderstood)],
            types=types,
        )

    def broken(self, row: Mapping[str, Any]) -> tuple[list[Check], list[str]]:
        """Which the row breaks, and which cannot be told. Columns that the row leaves out are not asked about."""
        broken, unclear = [], []
        for check in self.known:
            if not check.columns <= row.keys():
                if check.columns:
                    unclear.append(check.text)
                continue
            try:
                block = {name: _values(self.types[name], row[name]) for name in check.columns}
                if block and bool(failing(block, check)[0]):
                    broken.append(check)
            except (Unreadable, OverflowError):
                unclear.append(check.text)
        return broken, unclear


def _values(kind: Type, value: Any) -> Values:
    """One row of a column."""
    form = "pool" if kind.array else _FORMS.get(kind.base, "pool")
    nulls = np.array([value is None])
    if form == "text":
        text = "" if value is None else str(value)
        # the type's own comparison and length leave trailing spaces out
        return text_values([text.rstrip(" ") if kind.base == "bpchar" else text], nulls)
    if form == "pool":
        return Values(form="pool", data=np.zeros(1, "i8"), nulls=nulls, pool=Pool([b""], [str(value)]))
    scale = 0
    if isinstance(value, Decimal):
        scale = max(0, -int(value.as_tuple().exponent))
        if abs(value.scaleb(scale)) >= 2**62:
            raise Unreadable("a number of so many digits")
        value = int(value.scaleb(scale))
    data = np.array([_number(value)], DTYPES[form]) if form != "uuid" else np.zeros((1, 16), "u1")
    if isinstance(value, UUID):
        data = np.frombuffer(value.bytes, "u1").reshape(1, 16)
    return Values(form=form, data=data, nulls=nulls, scale=scale)


def _number(value: Any) -> Any:
    match value:
        case None:
            return 0
        case datetime():
            then = value if value.tzinfo else value.replace(tzinfo=UTC)
            apart = then - _EPOCH
            return (apart.days * 86400 + apart.seconds) * 1_000_000 + apart.microseconds
        case date():
            return (value - _EPOCH.date()).days
        case time():
            return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
        case _:
            return value


def said(checks: Sequence[str]) -> str:
    """For Hypothesis's report of a failing example."""
    return "not understood, so the row may break: " + "; ".join(dict.fromkeys(checks))
