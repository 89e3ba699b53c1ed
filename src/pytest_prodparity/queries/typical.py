"""The same statement with a value that production has: a test's values are not production's.

The customer 1 of a test may happen to be production's largest customer, and what is right for the largest one is wrong
for all others. And the tenant that a test has just made is none of production's forty, so that production's statistics
expect no rows for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ..wire.trip import Parameter
from .fingerprint import Slot
from .statements import Execution
from .values import literal, text_of

Swap = Callable[[Slot, str], str | None]
"""From a slot and the test's value to the value that is to stand there; None where the test's may stay."""

_WIDTHS = {20: 8, 21: 2, 23: 4, 26: 4}
"""The integer types' oids, and bytes in binary form."""


def typical(execution: Execution, is_common: Callable[[Slot, str], bool]) -> Execution | None:
    """The execution with rare values in place of its common ones; None where it has none that can be replaced."""
    return swapped(execution, lambda slot, value: _rare(value) if is_common(slot, value) else None)


def swapped(execution: Execution, swap: Swap) -> Execution | None:
    """The execution with other values; None where none is replaced."""
    parameters = list(execution.statement.parameters)
    sql = execution.statement.sql
    changed = False
    for slot in execution.shape.slots:
        if slot.role != "equal" or not slot.column:
            continue
        at = (slot.parameter or 0) - 1
        if 0 <= at < len(parameters):
            value = text_of(parameters[at])
            new = swap(slot, value) if value is not None else None
            other = _as(parameters[at], new) if new is not None else None
            if other is not None:
                parameters[at], changed = other, True
        elif slot.literals and not parameters and slot.column.lower().endswith("id"):
            # A client that writes values into the text is told from a developer's constant by what is compared: a key.
            text = slot.literals[0]
            value = literal(text)
            new = swap(slot, value) if value is not None else None
            if new is not None:
                new = "'{}'".format(new.replace("'", "''")) if text.startswith("'") else new
                parts = re.split(rf"(?<==)(\s*){re.escape(text)}(?!\w)", sql)
                sql, changed = (
                    new.join("".join(parts[at : at + 2]) for at in range(0, len(parts), 2)),
                    len(parts) > 1 or changed,
                )
    if not changed:
        return None
    return replace(execution, statement=replace(execution.statement, sql=sql, parameters=tuple(parameters)))


def _rare(value: str) -> str:
    """What is no common value, of about the same size."""
    return "2000000011" if value.lstrip("-").isdigit() else "prodparity"


def _as(parameter: Parameter, value: str) -> Parameter | None:
    """Another value in the parameter's own form."""
    if parameter.oid in _WIDTHS:
        width = _WIDTHS[parameter.oid]
        try:
            number = int(value).to_bytes(width, "big", signed=True)
        except OverflowError:
            return _as(parameter, "30011") if width == 2 else None
        except ValueError:
            return None
        return replace(parameter, value=number if parameter.binary else value.encode())
    if parameter.oid in (25, 1042, 1043) or (parameter.oid == 0 and not parameter.binary):
        return replace(parameter, value=value.encode())
    return None
