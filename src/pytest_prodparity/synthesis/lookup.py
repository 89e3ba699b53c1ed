"""Small tables whose rows the profile has: they come as they are."""

from __future__ import annotations

import numpy as np

from ..profile.model import Profile, Table
from ..profile.probed import Whole
from .catalog import Attribute
from .columns import Maker
from .distribution import make
from .sources import Fixed, Numbers, Pooled, Source
from .values import Pool


def columns(profile: Profile, table: Table, whole: Whole) -> list[str]:
    """Those whose values are production's: not a foreign key's to rows that are made up."""
    made_up: set[str] = set()
    for constraint in table.constraints:
        if constraint.kind == "foreign key" and constraint.references:
            parent = profile.table(constraint.references)
            known = parent.whole.columns if parent is not None and parent.whole is not None else []
            if not set(constraint.references_columns) <= set(known):
                made_up |= set(constraint.columns)
    return [name for name in whole.columns if name not in made_up]


def column(whole: Whole, attribute: Attribute, maker: Maker, rows: int) -> Fixed | None:
    """One column of the first `rows` rows; None where the server does not take its values."""
    at = whole.columns.index(attribute.name)
    texts = [row[at] for row in whole.rows[:rows]]
    given = [text for text in texts if text is not None]
    values = list(dict.fromkeys(given))
    if not values or not attribute.receives:
        return None
    found = _source(attribute, values, maker)
    if found is None:
        return None
    source, codes = found
    code = dict(zip(values, codes, strict=True))
    absent = np.array([text is None for text in texts])
    return Fixed(
        name=attribute.name,
        source=source,
        codes=np.array([codes[0] if text is None else code[text] for text in texts]),
        absent=absent if absent.any() else None,
    )


def _source(attribute: Attribute, values: list[str], maker: Maker) -> tuple[Source, list[int | float]] | None:
    """What makes them, and the code of each."""
    if attribute.form not in ("text", "uuid", "pool"):
        known = maker.known(attribute, values)
        if known is None or len(known[0]) != len(values):
            return None
        numbers, scale = known
        finite = numbers[np.isfinite(numbers.astype("f8"))]
        if len(finite) == len(numbers):
            shares = np.full(len(numbers), 1 / len(numbers))
            distribution = make(numbers, shares, numbers[:0], distinct=len(numbers))
            return Numbers(form=attribute.form, distribution=distribution, scale=scale), numbers.tolist()
    rising = sorted(range(len(values)), key=lambda at: values[at].encode())
    binary = maker.literals(attribute, [values[at] for at in rising])
    if len(binary) != len(values):
        return None
    places = {at: place for place, at in enumerate(rising)}
    pool = Pool(binary, [values[at] for at in rising])
    return Pooled(pool=pool, weights=np.ones(len(values))), [places[at] for at in range(len(values))]
