"""What a delivery looks like: types that every value fits, empty values, keys, a few values. Facts for a draft.

A column gets a type only if the very casts of a run succeed for each of its values, and only if nothing of the text
would be lost or bent: leading zeros, long numbers and dates whose order of day and month is anybody's guess stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from hanse import sql
from hanse.interfaces import ParquetScan
from hanse.quality.drafts.drafted_types import draft_type, text_facts, text_type, tree
from hanse.quality.drafts.text_shapes import text_shapes
from hanse.spec.types import DataType, Decimal, Scalar
from hanse.sql.build import column, identifier

if TYPE_CHECKING:
    from hanse.interfaces import Session

Document = dict[str, Any]
FEW = 12
"""Greatest number of distinct values that are listed."""
_ORDERED = frozenset({Scalar.BIGINT, Scalar.DOUBLE, Scalar.DATE, Scalar.TIME, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ})
_KEY_TYPES = frozenset({Scalar.BIGINT, Scalar.VARCHAR, Scalar.DATE, Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ})
_ID = re.compile(r"(?:.*_)?(?:id|key|uuid|guid|code|number|nr|no|ref|sku|isbn|ean)")
_PART = re.compile(r"(?:.*_)?(?:line|position|pos|item|seq|sequence|step|version|day|date|month|year|hour|at|on|time)")
_CANDIDATES = 6


def profile(
    session: Session,
    relation: str,
    *,
    name: str,
    file: str,
    scratch: str,
    shapes: bool = False,
    as_typed: bool = False,
) -> Document:
    """Describe a delivery. It is read once as it is, then from a typed copy.

    Args:
        session: locked session that may write to ``scratch``.
        relation: bound name of the delivery; CSV files are bound as text, as a run binds them.
        name: table that shall be made of it.
        file: the file as the user calls it.
        scratch: folder for the copy.
        shapes: look at how texts are written, too; that takes further looks.
        as_typed: the file has types of its own, and its texts are meant to be texts.

    Returns:
        ``name``, ``file``, ``rows``, ``columns``, ``primary_key`` (names, empty if none suggests itself). Each column:
        ``name`` (in the file), ``type`` (SQL, see :mod:`hanse.spec.types`), ``nested`` (the type as a tree if it has
        members), ``nulls``, ``distinct`` (exact up to twelve and where all differ, else about), ``minimum`` and
        ``maximum`` (ISO text or number, of numbers and times), ``values`` (of text with at most twelve, most frequent
        first), ``is_unique``, ``looks_like`` (``email``, ``iban``, ``phone`` or None), ``note`` (why it stayed text, or
        None), ``declared`` (the engine's name of its type in the file), ``shape`` (of texts: see
        :class:`~hanse.quality.drafts.text_shapes.TextShape`, else None).

    Raises:
        EngineError: the file cannot be read.
    """
    have = session.describe(sql.select_star(relation))
    wanted, notes, looks = _types(session, relation, have, as_typed=as_typed)
    typed = typed_name(relation)
    path = f"{scratch}/{typed}.parquet"
    rows = session.stage(sql.cast_projection(sql.select_star(relation), have, list(wanted.items())), path).rows
    session.bind(typed, ParquetScan((path,)))
    columns = _measured(session, typed, wanted, rows)
    texts = {c["name"]: rows - c["nulls"] for c in columns if shapes and wanted[c["name"]] is Scalar.VARCHAR}
    written = text_shapes(session, typed, texts)
    declared = dict(have)
    for entry in columns:
        entry["declared"] = declared[entry["name"]]
        entry["note"] = notes.get(entry["name"])
        entry["looks_like"] = looks.get(entry["name"])
        entry["shape"] = asdict(written[entry["name"]]) if entry["name"] in written else None
    return {
        "name": name,
        "file": file,
        "rows": rows,
        "columns": columns,
        "primary_key": _key(session, typed, name, columns, wanted, rows),
    }


def typed_name(relation: str) -> str:
    """Return the name under which a delivery's typed copy is bound once it was described."""
    return f"{relation}__typed"


def _types(
    session: Session, relation: str, have: Sequence[tuple[str, str]], *, as_typed: bool
) -> tuple[dict[str, DataType], dict[str, str], dict[str, str]]:
    """Choose types, then let the casts of a run judge them: what fails for one value stays text."""
    texts = [name for name, kind in have if kind == "VARCHAR"]
    facts = text_facts(session, relation, texts) if texts else {}
    wanted: dict[str, DataType] = {}
    notes: dict[str, str] = {}
    looks: dict[str, str] = {}
    for name, kind in have:
        if name not in facts:
            wanted[name] = draft_type(kind)
            continue
        wanted[name], note = (Scalar.VARCHAR, None) if as_typed else text_type(name, facts[name])
        if note:
            notes[name] = note
        if facts[name].looks_like:
            looks[name] = str(facts[name].looks_like)
    failures = sql.cast_failures(sql.select_star(relation), have, list(wanted.items()), 0)
    if failures is not None:
        for name, count in session.fetch(failures.by_column).to_pylist()[0].items():
            if count:
                notes[name] = f"{count:,} values are no {wanted[name]}"
                wanted[name] = Scalar.VARCHAR
    return wanted, notes, looks


def _measured(session: Session, relation: str, wanted: Mapping[str, DataType], rows: int) -> list[Document]:
    numbers = _fetch_row(session, _measures(relation, wanted))
    columns = []
    for at, (name, kind) in enumerate(wanted.items()):
        present, distinct, low, high = numbers[4 * at : 4 * at + 4]
        columns.append(
            {
                "name": name,
                "type": str(kind),
                "nested": nested(kind),
                "nulls": rows - int(present),
                "distinct": min(int(distinct or 0), rows),
                "minimum": low,
                "maximum": high,
                "values": [],
                "is_unique": False,
            }
        )
    _count_exactly(session, relation, columns, wanted, rows)
    for entry in columns:
        if wanted[entry["name"]] is Scalar.VARCHAR and 0 < entry["distinct"] <= FEW:
            entry["values"] = _values(session, relation, entry["name"])
    return columns


def _measures(relation: str, wanted: Mapping[str, DataType]) -> str:
    chosen: list[exp.Expr] = []
    for name, kind in wanted.items():
        value = column(name)
        is_flat = nested(kind) is None
        is_ordered = kind in _ORDERED or isinstance(kind, Decimal)
        chosen += [
            exp.Count(this=value.copy()),
            exp.ApproxDistinct(this=value.copy()) if is_flat else exp.Null(),
            _text(exp.Min(this=value.copy())) if is_ordered else exp.Null(),
            _text(exp.Max(this=value.copy())) if is_ordered else exp.Null(),
        ]
    return _select(chosen, relation)


def _count_exactly(
    session: Session, relation: str, columns: Sequence[Document], wanted: Mapping[str, DataType], rows: int
) -> None:
    """Replace estimates where the exact number matters: where few values or only different ones may be."""
    few = [c for c in columns if wanted[c["name"]] is Scalar.VARCHAR and c["distinct"] <= 2 * FEW]
    all_ = [c for c in columns if _may_be_key(c, wanted) and c["distinct"] >= 0.8 * rows > 0]
    exact = {c["name"]: c for c in [*few, *all_]}
    if not exact:
        return
    counts = [exp.Count(this=exp.Distinct(expressions=[column(name)])) for name in exact]
    for entry, number in zip(exact.values(), _fetch_row(session, _select(counts, relation)), strict=True):
        entry["distinct"] = int(number)
        entry["is_unique"] = _may_be_key(entry, wanted) and int(number) == rows


def _may_be_key(entry: Document, wanted: Mapping[str, DataType]) -> bool:
    return wanted[entry["name"]] in _KEY_TYPES and not entry["nulls"]


def _values(session: Session, relation: str, name: str) -> list[str]:
    value = column(name)
    query = (
        exp.select(exp.alias_(value.copy(), "value", quoted=True))
        .from_(exp.Table(this=identifier(relation)))
        .where(exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
        .group_by(value.copy())
        .order_by(exp.Ordered(this=exp.Count(this=exp.Star()), desc=True), value.copy())
        .limit(FEW + 1)
    )
    return [str(v) for v in session.fetch(query.sql("duckdb")).column(0).to_pylist()]


def _key(
    session: Session, relation: str, table: str, columns: Sequence[Document], wanted: Mapping[str, DataType], rows: int
) -> list[str]:
    """Return the key that names and values both suggest: one column, two or three. Chance alone makes no key."""
    if rows < 2:
        return []
    names = [c["name"] for c in columns]
    single = [c["name"] for c in columns if c["is_unique"] and _is_id(c["name"])]
    own = [n for n in single if n.lower() == "id" or _is_id_of(n, table)]
    if own or (single and single[0] == names[0]):
        return (own or single)[:1]
    parts = [c for c in columns if _may_be_key(c, wanted) and _is_part(c["name"])][:_CANDIDATES]
    for chosen in (*combinations(parts, 2), *combinations(parts, 3)):
        names = [c["name"] for c in chosen]
        if not any(map(_is_id, names)) or prod(c["distinct"] for c in chosen) * 1.2 < rows:
            continue
        if any(c["is_unique"] for c in chosen):
            continue  # one alone tells the rows apart, by chance perhaps; several would hide that
        groups = exp.select(*(column(n) for n in names)).distinct().from_(exp.Table(this=identifier(relation)))
        counted = exp.select(exp.Count(this=exp.Star())).from_(groups.subquery("g"))
        if int(session.fetch(counted.sql("duckdb")).column(0)[0].as_py()) == rows:
            return names
    return []


def words(name: str) -> str:
    """Return ``orderId`` and ``Order ID`` alike as ``order_id``."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")


def _is_id(name: str) -> bool:
    return bool(_ID.fullmatch(words(name)))


def _is_part(name: str) -> bool:
    return _is_id(name) or bool(_PART.fullmatch(words(name)))


def _is_id_of(name: str, table: str) -> bool:
    """Say whether a name is the table's own identifier: ``order_id`` or ``OrderID`` in ``orders``."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    ones = singulars(re.sub(r"[^a-z0-9]", "", table.lower()))
    return any(plain.startswith(one) and plain != one and len(plain) - len(one) <= 6 for one in ones)


def singulars(plural: str) -> set[str]:
    """Return what one thing of several may be called: ``orders`` is of ``order``, ``cities`` of ``city``."""
    return {plural, plural.removesuffix("s"), plural.removesuffix("es"), re.sub("ies$", "y", plural)}


def nested(kind: DataType) -> Document | None:
    """Return a type with members as a tree (:func:`~hanse.quality.drafts.drafted_types.tree`); None for others."""
    found = tree(kind)
    return None if found["kind"] == "scalar" else found


def _text(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build("VARCHAR"))


def _select(chosen: Sequence[exp.Expr], relation: str) -> str:
    named = [exp.alias_(value, f"c{at}", quoted=True) for at, value in enumerate(chosen)]
    return exp.select(*named).from_(exp.Table(this=identifier(relation))).sql("duckdb")


def _fetch_row(session: Session, query: str) -> list[Any]:
    return [values[0].as_py() for values in session.fetch(query).columns]
