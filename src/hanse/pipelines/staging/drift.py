"""Files with other columns than the contract: what is left out or null, and what is said about it."""

from __future__ import annotations

import json

from hanse import sql
from hanse.base import HanseError, Severity
from hanse.ingest import relation
from hanse.interfaces import Session
from hanse.pipelines.codes import COLUMNS_DRIFTED
from hanse.pipelines.staging.stage import Drifted, relation_of, source_of
from hanse.pipelines.staging.stage import drifted as compare
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import FileRead, Node, published_name
from hanse.registry import CheckResult, CheckStatus
from hanse.spec import DatabaseInput, Source
from hanse.spec.types import parse_type

_LOGICAL = {
    "BIGINT": "integer", "INTEGER": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date",
    "TIME": "time", "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp",
}  # fmt: skip

_DECLARED = {"smallint": "BIGINT", "real": "DOUBLE", "double precision": "DOUBLE"}


def record_drift(work: Work, session: Session, node: Node) -> None:
    """Record a warning if the file that a table is built from straight has other columns than its contract."""
    read = next(iter(node.reads.values()), None)
    if node.transform is not None or node.table is None or not isinstance(read, FileRead):
        return
    source = source_of(node, work.product)
    if source.drift == "fail":
        return
    if isinstance(source, DatabaseInput):  # of additional columns, nothing was read but the names
        have = [c.name for c in work.situation.columns[source.name]]
    else:
        have = [name for name, _ in session.describe(sql.select_star(relation_of(read)))]
    found = compare(have, node.table)
    if not found.extra and not found.missing:
        return
    name = published_name(work.product, node)
    result = CheckResult(
        run_id=work.run.id,
        table=name,
        check_id="drift",
        clause="files have the contract's columns",
        status=CheckStatus.FAILED,
        severity=Severity.WARNING,
        method="columns",
        dimension="conformity",
        message=_message(work, session, source, found),
        path=source.where.path if source.where else None,
        line=source.where.line if source.where else None,
    )
    with work.found.lock:
        work.found.results.append(result)


def _message(work: Work, session: Session, source: Source, found: Drifted) -> str:
    said = []
    if found.extra:
        said.append("left out: " + ", ".join(f"`{e}`" for e in found.extra))
    if found.missing:
        said.append("missing, so null: " + ", ".join(f"`{m}`" for m in found.missing))
    message = f"{COLUMNS_DRIFTED.id}: {source.shown}: {'; '.join(said)}"
    if source.drift == "evolve" and found.extra:
        kinds = _kinds(work, session, source)
        proposed = ", ".join(_property(extra, kinds.get(extra, "VARCHAR")) for extra in found.extra)
        message += f". The contract would follow with the properties {proposed}"
    return message


def _property(name: str, kind: str) -> str:
    logical = "array" if kind.endswith("[]") else "object" if kind.startswith("STRUCT") else _LOGICAL.get(kind)
    logical = logical or ("number" if kind.startswith("DECIMAL") else "string")
    return f"{{name: {json.dumps(name, ensure_ascii=False)}, logicalType: {logical}}}"


def _kinds(work: Work, session: Session, source: Source) -> dict[str, str]:
    """Return the types that the columns of the files seem to have."""
    if isinstance(source, DatabaseInput):
        columns = work.situation.columns[source.name]
        return {c.name: str(c.type or parse_type(c.declared) or _DECLARED.get(c.declared, "VARCHAR")) for c in columns}
    kinds: dict[str, str] = {}
    for file in work.situation.files[source.name].files[-3:]:
        name = f"__k_{source.name}"
        try:
            session.bind(name, relation(source, file.path, text=False, scratch=work.scratch))
            kinds = {**dict(session.describe(sql.select_star(name))), **kinds}
        except HanseError:
            continue  # a proposal only; reading it as text worked
        session.unbind(name)
    return kinds
