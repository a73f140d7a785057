"""A plan as a document that doors can show as a tree: the same steps that ``apply`` does, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

from hanse.base import ProductName, TableName
from hanse.plan.diff import ColumnAction, ColumnChange
from hanse.plan.impact import Impact, Touched
from hanse.plan.steps import (
    Action,
    AlterTable,
    CreateTable,
    Plan,
    PlannedTable,
    PortChange,
    PutDomain,
    PutProduct,
    label,
)
from hanse.spec.change import Change

Node = dict[str, Any]
NOTHING = "nothing to do"
_MARKS = {Action.BREAKING: 0, Action.ALTER: 1, Action.CREATE: 1, Action.METADATA: 2, Action.KEEP: 3}


def explain(plan: Plan) -> dict[str, Any]:
    """Return a plan as a JSON-ready document.

    Returns:
        ``mesh``; ``verdict`` (``nothing to do``, ``changes`` or ``refused``); ``summary`` (one line); ``counts`` (per
        kind of thing and action); ``tree`` (domains → products → ports → tables → columns); ``steps`` (what ``apply``
        does, one line each, in order); ``refusals`` and ``warnings`` (problem documents); ``notes``.

        Every node of the tree has ``kind``, ``name``, ``label``, ``action`` (``create``, ``alter``, ``breaking``,
        ``metadata``, ``keep`` or ``unchanged``), ``detail``, ``does`` (what ``apply`` will do, None for nothing),
        ``refused``, ``changes`` (of the contract, each with ``kind``, ``what``, ``why``, ``where``), ``why`` (the same
        in one line, or None), ``touches`` (tables that come from a changed table or column, each with ``table``,
        ``effect`` (``breaks``, ``may break``, ``misreads``, ``waits`` or ``changes``), ``columns`` (``name`` and
        ``how``), ``rows`` (how its rows are touched) and ``readers``, the same of tables that come from it) and
        ``children``.
    """
    domains: dict[str, Node] = {}
    tables: dict[TableName, CreateTable | AlterTable] = {}
    for step in plan.steps:
        match step:
            case PutDomain(domain=domain, action=action):
                does = label(step)
                domains[domain.name] = _node("domain", domain.name, action, detail=domain.title or "", does=does)
            case CreateTable() | AlterTable():
                tables[step.table] = step
            case PutProduct():
                parent = domains.setdefault(step.name.domain, _node("domain", step.name.domain, Action.UNCHANGED))
                parent["children"].append(_product(step, tables))
            case _:
                assert_never(step)
    tree = [domains[name] for name in sorted(domains)]
    impacts: dict[tuple[str, str | None], list[Impact]] = {}
    for one in plan.impacts:
        impacts.setdefault((str(one.table), one.shown), []).append(one)
    _touch(tree, impacts)
    counts = _counts(tree, plan)
    return {
        "mesh": plan.mesh,
        "verdict": _verdict(plan),
        "summary": _summary(plan, counts),
        "counts": counts,
        "tree": tree,
        "steps": [label(step) for step in plan.steps],
        "refusals": [p.as_document() for p in plan.refusals],
        "warnings": [p.as_document() for p in plan.warnings],
        "notes": [str(note) for note in plan.notes],
    }


def _product(step: PutProduct, tables: Mapping[TableName, CreateTable | AlterTable]) -> Node:
    children = [_port(port, step, tables) for port in step.port_changes]
    if step.expected is None:
        action = Action.CREATE
    else:
        action = _gravest([Action.METADATA, *(Action(c["action"]) for c in children)], children)
    detail = "; ".join([step.version, *step.details]) if step.expected is not None else f"{step.version}, {step.status}"
    refused = any(c["refused"] for c in children)
    node = _node("product", str(step.name), action, detail=detail, does=label(step), children=children, refused=refused)
    node["label"] = step.name.product
    return node


def _port(port: PortChange, step: PutProduct, tables: Mapping[TableName, CreateTable | AlterTable]) -> Node:
    kind = f"{port.direction} port"
    name = f"{port.name}@{port.major}"
    whole = [c for c in port.changes if c.table is None]
    mine = [t for t in step.tables if t.port == port.name and t.name.major == port.major]
    gone = [t for t in step.kept if t.port == port.name and t.name.major == port.major]
    children = []
    if port.direction == "output":
        children = [_table(t, tables.get(t.name), port) for t in mine]
        children += [_gone(t.name, port, described=port.action is not Action.KEEP) for t in gone]
    action = port.action
    if action not in (Action.CREATE, Action.KEEP):
        action = _gravest([action, *(Action(c["action"]) for c in children)], children)
    detail = port.detail
    if port.consumers:
        detail += f"; read by {', '.join(str(c) for c in port.consumers)}"
    does = {
        Action.CREATE: "record the port",
        Action.KEEP: "take the port out of the record; data stays",
        Action.UNCHANGED: None,
    }.get(action, "update the record")
    node = _node(kind, name, action, detail=detail, does=does, why=whole, children=children, refused=port.refused)
    node["consumers"] = [str(c) for c in port.consumers]
    return node


def _table(table: PlannedTable, step: CreateTable | AlterTable | None, port: PortChange) -> Node:
    changes = [c for c in port.changes if c.table == table.name.table]
    whole = [c for c in changes if c.column is None]
    match step:
        case CreateTable(documents=documents):
            columns = [_new_column(d) for d in documents]
            detail = _count(len(columns), "column")
            return _node(
                "table", str(table.name), Action.CREATE, detail=detail, does=label(step), why=whole, children=columns
            )
        case AlterTable(changes=stored):
            columns = _columns(changes, stored, refused=port.refused)
            action = _gravest([Action.ALTER, *(_action_of(c) for c in changes)], columns)
            does: str | None = label(step)
        case _:
            columns = _columns(changes, (), refused=port.refused)
            action = _gravest([Action.UNCHANGED, *(_action_of(c) for c in changes)], columns)
            does = None if action is Action.UNCHANGED else "update the record"
    named = [c["name"] for c in columns]
    same = sum(not any(n == d["name"] or n.startswith(f"{d['name']}.") for n in named) for d in table.columns)
    detail = f"{_count(same, 'column')} unchanged" if same else ""
    refused = port.refused and any(c.breaking for c in changes)
    return _node(
        "table", str(table.name), action, detail=detail, does=does, why=whole, children=columns, refused=refused
    )


def _gone(name: TableName, port: PortChange, *, described: bool) -> Node:
    changes = [c for c in port.changes if c.table == name.table and c.column is None]
    action = Action.BREAKING if described and any(c.breaking for c in changes) else Action.KEEP
    does = "take the table out of the record; data stays"
    return _node("table", str(name), action, detail="no longer described", does=does, why=changes, refused=port.refused)


def _new_column(document: Mapping[str, Any]) -> Node:
    return _column(document["name"], Action.CREATE, _type_words(document), "create the column", ())


def _columns(changes: Sequence[Change], stored: Iterable[ColumnChange], *, refused: bool) -> list[Node]:
    """Return a node for every column that differs, in promise or in store; the others are only counted."""
    by_column: dict[str, list[ColumnChange]] = {}
    for change in stored:
        by_column.setdefault(change.column, []).append(change)
    told: dict[str, list[Change]] = {}
    for found in changes:
        if found.column is not None:
            told.setdefault(found.column, []).append(found)
    nodes = []
    for name in dict.fromkeys([*by_column, *told]):
        physical, promised = by_column.get(name, []), told.get(name, [])
        actions = [_stored_action(c) for c in physical] + [_action_of(c) for c in promised]
        does = ", ".join(str(c).removeprefix(f"{name} ") for c in physical) or "update the record"
        # A column that is new is created, whatever else is said of it.
        action = Action.CREATE if Action.CREATE in actions else _gravest(actions, [])
        stopped = refused and any(c.breaking for c in promised)
        nodes.append(_column(name, action, _stored_words(physical), does, promised, refused=stopped))
    return nodes


def _column(name: str, action: Action, detail: str, does: str, why: Sequence[Change], *, refused: bool = False) -> Node:
    return _node("column", name, action, detail=detail, does=does, why=why, refused=refused)


def _stored_action(change: ColumnChange) -> Action:
    return Action.CREATE if change.action is ColumnAction.ADDED else Action.ALTER


def _stored_words(changes: Sequence[ColumnChange]) -> str:
    for change in changes:
        if change.action is ColumnAction.RENAMED:
            return f"renamed {change.before} → {change.after}"
        if change.before and change.after and change.before != change.after and change.action is ColumnAction.RETYPED:
            return f"{change.before} → {change.after}"
        if change.action in (ColumnAction.ADDED, ColumnAction.DROPPED):
            return change.after or change.before or ""
    return ""


def _type_words(document: Mapping[str, Any]) -> str:
    words = [str(document["type"])]
    if document["required"]:
        words.append("required")
    if document["unique"]:
        words.append("unique")
    if document["primary_key"] is not None:
        words.append("primary key")
    return ", ".join(words)


def _action_of(change: Change) -> Action:
    return Action.BREAKING if change.breaking else Action.METADATA


def _gravest(actions: Iterable[Action], children: Sequence[Node]) -> Action:
    """Return the action that stands for several: breaking, then whatever touches tables, then words.

    A new part makes the whole altered, not created.
    """
    every = [*actions, *(Action(c["action"]) for c in children)]
    known = [a for a in every if a in _MARKS]
    if not known:
        return Action.UNCHANGED
    worst = min(known, key=_MARKS.__getitem__)
    if worst is Action.CREATE and (children or len(set(every)) > 1):
        return Action.ALTER
    return Action.METADATA if worst is Action.KEEP else worst


def _node(
    kind: str,
    name: str,
    action: Action,
    *,
    detail: str = "",
    does: str | None = None,
    why: Iterable[Change] = (),
    children: Sequence[Node] = (),
    refused: bool = False,
) -> Node:
    changes = [
        {"kind": c.kind.value, "what": c.what, "why": c.why, "where": str(c.where) if c.where else None} for c in why
    ]
    return {
        "kind": kind,
        "name": name,
        "label": name.rpartition(".")[2] if kind == "table" else name,
        "action": action.value,
        "detail": detail,
        "does": does,
        "refused": refused,
        "why": "; ".join(f"{c['what']}: {c['why']}" for c in changes) or None,
        "changes": changes,
        "touches": [],
        "children": list(children),
    }


def _touch(nodes: Sequence[Node], impacts: Mapping[tuple[str, str | None], Sequence[Impact]], table: str = "") -> None:
    """Say at every changed table and column which tables come from it."""
    for node in nodes:
        inside = node["name"] if node["kind"] == "table" else table
        if node["kind"] in ("table", "column"):
            found = impacts.get((inside, node["name"] if node["kind"] == "column" else None), ())
            node["touches"] = [_touched(t) for impact in found for t in impact.touched]
        _touch(node["children"], impacts, inside)


def _touched(touched: Touched) -> dict[str, Any]:
    return {
        "table": str(touched.table),
        "effect": touched.effect.value,
        "columns": [{"name": name, "how": [how.value for how in ways]} for name, ways in touched.columns],
        "rows": [how.value for how in touched.rows],
        "readers": [_touched(reader) for reader in touched.readers],
    }


def _counts(tree: Sequence[Node], plan: Plan) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {"domains": Counter(), "products": Counter(), "tables": Counter()}
    counts["columns"] = Counter()
    changes: Counter[str] = Counter()

    def walk(nodes: Iterable[Node]) -> None:
        for node in nodes:
            plural = f"{node['kind']}s"
            if plural in counts:
                counts[plural][node["action"]] += 1
            changes.update(w["kind"] for w in node["changes"])
            walk(node["children"])

    walk(tree)
    if plan.unchanged:
        counts["products"][Action.UNCHANGED.value] += len(plan.unchanged)
    kept = sum(1 for n in plan.notes if n.kind == "gone" and "." in n.subject)
    if kept:
        counts["products"][Action.KEEP.value] += kept
    return {kind: dict(sorted(c.items())) for kind, c in (*counts.items(), ("changes", changes))}


def _verdict(plan: Plan) -> str:
    if plan.refusals:
        return "refused"
    return "changes" if plan.steps else NOTHING


def _summary(plan: Plan, counts: Mapping[str, Mapping[str, int]]) -> str:
    parts = []
    words = (("create", "to create"), ("alter", "to alter"), ("breaking", "breaking"), ("metadata", "to update"))
    for kind, singular in (("products", "product"), ("tables", "table")):
        for action, said in words:
            number = counts[kind].get(action, 0)
            if number:
                parts.append(f"{_count(number, singular)} {said}")
    unchanged = _count(len(plan.unchanged), "product") + " unchanged"
    if plan.refusals:
        return f"refused: {_count(len(plan.refusals), 'problem')} to mend first" + (
            f" ({', '.join(parts)})" if parts else ""
        )
    if not plan.steps:
        return f"{NOTHING}: {unchanged}"
    if not parts:
        parts.append(f"{_count(len(plan.steps), 'domain')} to update")
    return ", ".join([*parts, unchanged] if plan.unchanged else parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def next_runs(plan: Plan) -> list[ProductName]:
    """Return the products that have nothing released yet, in the order of the plan."""
    waiting = {n.subject for n in plan.notes if n.kind == "not run"}
    return [s.name for s in plan.steps if isinstance(s, PutProduct) and str(s.name) in waiting]
