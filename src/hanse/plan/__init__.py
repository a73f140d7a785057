"""Floor 7: desired state against actual state: steps, told by ``explain`` and done by ``apply``."""

from hanse.plan.apply import apply
from hanse.plan.build import build
from hanse.plan.diff import ColumnAction, ColumnChange, column_drafts
from hanse.plan.explain import explain
from hanse.plan.pins import pinned_inputs
from hanse.plan.steps import (
    Action,
    AlterTable,
    CreateTable,
    Note,
    Plan,
    PlannedTable,
    PortChange,
    PutDomain,
    PutProduct,
    Step,
    label,
)

__all__ = [
    "Action",
    "AlterTable",
    "ColumnAction",
    "ColumnChange",
    "CreateTable",
    "Note",
    "Plan",
    "PlannedTable",
    "PortChange",
    "PutDomain",
    "PutProduct",
    "Step",
    "apply",
    "build",
    "column_drafts",
    "explain",
    "label",
    "pinned_inputs",
]
