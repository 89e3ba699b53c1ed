"""One file per rule; the order in which they claim a statement, the most specific first."""

from __future__ import annotations

from .cartesian_join import CartesianJoin
from .deep_offset import DeepOffset
from .idle_in_transaction import IdleInTransaction
from .n_plus_one import NPlusOne
from .over_budget import OverBudget
from .protocol import Rule
from .quadratic import Quadratic
from .seq_scan import SeqScan
from .spill import Spill
from .timeout import Timeout
from .unbounded_read import UnboundedRead
from .unindexed_reference import UnindexedReference
from .write_without_where import WriteWithoutWhere

ORDER: tuple[Rule, ...] = (
    WriteWithoutWhere(),
    NPlusOne(),
    CartesianJoin(),
    Quadratic(),
    DeepOffset(),
    UnboundedRead(),
    SeqScan(),
    UnindexedReference(),
    Timeout(),
    Spill(),
    IdleInTransaction(),
    OverBudget(),
)
