"""The same statement with a value that is not one of production's most common ones.

A test's values are not production's: the customer 1 of a test may happen to be production's largest customer, and what
is right for the largest one is wrong for all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ..wire.trip import Parameter
from .fingerprint import Slot
from .statements import Execution
from .values import literal, text_of

_WIDTHS = {20: 8, 21: 2, 23: 4, 26: 4}
"""The integer types' oids, and bytes in binary form."""


def typical(execution: Execution, is_common: Callable[[Slot, str], bool]) -> Execution | None:
    """The execution with rare values in place of its common ones; None where it has none that can be replaced."""
    parameters = list(execution.statement.parameters)
    sql = execution.statement.sql
    changed = False
    for slot in execution.shape.slots:
        if slot.role != "equal" or not slot.column:
            continue
        at = (slot.parameter or 0) - 1
        if 0 <= at < len(parameters):
            value = text_of(parameters[at])
            other = _other(parameters[at]) if value is not None and is_common(slot, value) else None
            if other is not None:
                parameters[at], changed = other, True
        elif slot.literals and not parameters and slot.column.lower().endswith("id"):
            # A client that writes values into the text is told from a developer's constant by what is compared: a key.
            text = slot.literals[0]
            value = literal(text)
            if value is not None and is_common(slot, value):
                new = "'prodparity'" if text.startswith("'") else "30011" if len(text) < 5 else "2000000011"
                sql, times = re.subn(rf"(=\s*){re.escape(text)}(?!\w)", rf"\g<1>{new}", sql)
                changed = changed or times > 0
    if not changed:
        return None
    return replace(execution, statement=replace(execution.statement, sql=sql, parameters=tuple(parameters)))


def _other(parameter: Parameter) -> Parameter | None:
    if parameter.oid in _WIDTHS:
        width = _WIDTHS[parameter.oid]
        number = 30_011 if width == 2 else 2_000_000_011
        return replace(parameter, value=number.to_bytes(width, "big") if parameter.binary else str(number).encode())
    if parameter.oid in (25, 1042, 1043):
        return replace(parameter, value=b"prodparity")
    if parameter.oid == 0 and not parameter.binary and parameter.value is not None:
        return replace(parameter, value=b"30011" if parameter.value.lstrip(b"-").isdigit() else b"prodparity")
    return None
