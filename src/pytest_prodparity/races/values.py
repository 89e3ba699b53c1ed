"""Do two callables return the same? What differs from run to run anyway, and ids that the database gave, do not count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..core.delta import Delta
from ..core.equality import Column, names

Path = tuple[str, ...]
"""Where in a value something is; each place of a list is `*`."""
Labels = Mapping[str, frozenset[str]]
"""By a generated value's text: what it was made for."""
DEEPEST = 12
MANY = 500
"""Elements of a list that are looked for in another order."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")


def differing(one: object, other: object) -> Iterator[tuple[Path, object, object]]:
    """The places in which two values differ: equality decides where it can, else the parts, else the text."""
    yield from _differing(one, other, (), set())


def same(
    one: object,
    other: object,
    *,
    masked: frozenset[Path] = frozenset(),
    mine: Labels | None = None,
    its: Labels | None = None,
) -> bool:
    """Equal, apart from masked places and from ids that were generated for the same row."""
    return all(
        path in masked or _made_alike(left, right, mine or {}, its or {}) for path, left, right in differing(one, other)
    )


def labels(delta: Delta | None, masked: frozenset[Column]) -> Labels:
    """What the new values of masked columns stand for: their row where it has a generated key, else their column."""
    if delta is None or not masked:
        return {}
    found: dict[str, set[str]] = {}
    for (table, column, text), named in names(delta, masked).items():
        found.setdefault(text, set()).add(f"{named} {table}.{column}")
    texts: dict[str, set[str]] = {}
    for change in delta:
        for column, value in (change.after or {}).items():
            if (change.table, column) in masked and value is not None:
                own = {label for label in found.get(repr(value), ()) if label.endswith(f" {change.table}.{column}")}
                texts.setdefault(str(value), set()).update(own or {f"{change.table}.{column}"})
    return {text: frozenset(stands) for text, stands in texts.items()}


def generated(delta: Delta) -> frozenset[Column]:
    """Columns whose new values came from a sequence, by its name and by what it gave out.

    Who of two gets which number is up to their order, and tells nothing.
    """
    found: set[Column] = set()
    for moved in delta.sequences:
        for change in delta:
            if change.kind != "insert" or change.after is None:
                continue
            for column, value in change.after.items():
                table = change.table.rpartition(".")[2]
                named = moved.sequence.rpartition(".")[2].startswith(f"{table}_{column}_seq")
                if named and isinstance(value, int) and min(moved.before, moved.after) <= value <= moved.after:
                    found.add((change.table, column))
    return frozenset(found)


def _made_alike(one: object, other: object, mine: Labels, its: Labels) -> bool:
    left, right = str(one), str(other)
    if mine.get(left, frozenset()) & its.get(right, frozenset()):
        return True
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    return _unnamed(left, mine) == _unnamed(right, its)


def _unnamed(text: str, known: Labels) -> str:
    """The text with each generated id replaced by what it stands for; `7` is found in `order-7`, and not in `17`."""
    if not known:
        return text
    longest_first = sorted(known, key=len, reverse=True)
    forms = [rf"(?<!\d){value}(?!\d)" if value.isdigit() else re.escape(value) for value in longest_first if value]
    return re.sub("|".join(forms), lambda found: "|".join(sorted(known[found[0]])), text)


def _differing(one: object, other: object, path: Path, above: set[int]) -> Iterator[tuple[Path, object, object]]:
    if one is other or _equal(one, other):
        return
    if len(path) >= DEEPEST or id(one) in above:
        return
    if isinstance(one, list) and isinstance(other, list) and _in_another_order(one, other):
        return
    parts = _parts(one), _parts(other)
    if type(one) is type(other) and parts[0] is not None and parts[1] is not None and parts[0][0] == parts[1][0]:
        for (place, left), (_, right) in zip(parts[0][1], parts[1][1], strict=True):
            yield from _differing(left, right, (*path, place), above | {id(one)})
        return
    if type(one) is type(other) and _compares_by_identity(one) and _text(one) == _text(other):
        return
    yield path, one, other


def _in_another_order(one: list[object], other: list[object]) -> bool:
    """Rows that were asked for without ORDER BY come in the order in which they lie, and that changes from run to run."""
    if len(one) != len(other) or len(one) > MANY or sorted(map(_text, one)) != sorted(map(_text, other)):
        return False
    left = list(other)
    for part in one:
        at = next((at for at, each in enumerate(left) if not any(True for _ in differing(part, each))), None)
        if at is None:
            return False
        del left[at]
    return True


def _equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001  # their comparison is not ours
        return False


def _parts(value: object) -> tuple[object, Sequence[tuple[str, object]]] | None:
    """What two values must have in common to be compared by their parts, and the parts; None for what has none."""
    if isinstance(value, Mapping):
        items = sorted(((repr(key), part) for key, part in value.items()), key=lambda item: item[0])
        return [key for key, _ in items], items
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return len(value), [("*", part) for part in value]
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None or _compares_by_identity(value):
        read: Callable[[str], object] = lambda name: getattr(value, name, None)  # noqa: E731
        known = list(fields) if fields is not None else list(getattr(value, "__dict__", ()))
        public = sorted(name for name in known if not name.startswith("_"))
        if public:
            return public, [(name, read(name)) for name in public]
    return None


def _compares_by_identity(value: object) -> bool:
    return type(value).__eq__ is object.__eq__


def _text(value: object) -> str:
    try:
        return _ADDRESS.sub("0x", repr(value))
    except Exception:  # noqa: BLE001  # nor is their text
        return type(value).__qualname__
