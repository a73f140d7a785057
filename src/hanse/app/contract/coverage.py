"""Every clause that a contract states, and how it is verified; nothing is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from hanse.app.contract.options import Options
from hanse.app.contract.reading import Found, read_contracts
from hanse.quality.coverage import TREATMENTS, How
from hanse.quality.records import Broken, Check, Settled
from hanse.spec.contract import Contract

Document = dict[str, Any]
OTHER_KEYS = "no field of the standard"


def coverage_of(paths: Sequence[str], options: Options) -> Document:
    """List every clause of contracts.

    Args:
        paths: files, or folders of files.
        options: where the data is; without any, clauses have methods and no verdicts.

    Returns:
        ``status`` as :func:`hanse.app.contract.verify.document_of` gives it, ``listed`` without data; ``contracts``,
        each with ``clauses`` (``table``, ``clause``, ``kind``, ``method``, ``verdict``, ``message``, ``where``),
        ``totals`` by verdict and by method, and ``fields``: what becomes of the keys that the file states.
    """
    if options.data or options.server:
        return _verified(paths, options)
    documents = [_listed(found) for found in read_contracts(paths)]
    broken = any(document["problems"] for document in documents)
    return {"status": "error" if broken else "listed", "contracts": documents}


def _verified(paths: Sequence[str], options: Options) -> Document:
    from hanse.app.contract.verify import document_of

    tested = document_of(paths, options)
    documents = []
    for found, document in zip(read_contracts(paths), tested["contracts"], strict=True):
        groups = [("", (document["contract"] or {}).get("checks", ()))]
        groups += [(table["table"], table["checks"]) for table in document["tables"]]
        kinds = _kinds(found.contract)
        clauses = [_tested(table, check, kinds) for table, checks in groups for check in checks]
        documents.append(_document(found, document["problems"], clauses))
    return {"status": tested["status"], "contracts": documents}


def _kinds(contract: Contract | None) -> dict[tuple[str, str], str]:
    from hanse.quality.checks import checks_of, contract_checks

    if contract is None:
        return {}
    kinds = {("", check.id): check.kind for check in contract_checks(contract)}
    return kinds | {(t.name, check.id): check.kind for t in contract.tables for check in checks_of(contract, t)}


def _tested(table: str, check: Document, kinds: dict[tuple[str, str], str]) -> Document:
    return {
        "table": table or None,
        "clause": check["clause"],
        "kind": kinds.get((table, check["id"]), check["id"]),
        "method": check["method"],
        "verdict": check["verdict"],
        "message": check["error"] or check["message"],
        "where": check["where"],
    }


def _listed(found: Found) -> Document:
    clauses = list(_clauses(found.contract)) if found.contract else []
    return _document(found, [p.as_document() for p in found.errors], clauses)


def _clauses(contract: Contract) -> Iterator[Document]:
    from hanse.quality.checks import contract_checks
    from hanse.quality.explain import foreseen
    from hanse.quality.records import Promised

    for check in contract_checks(contract):
        recorded = isinstance(check.measure, Promised) and check.measure.moment is None
        yield _clause(None, check, "records" if recorded else "contract")
    for table in contract.tables:
        for check, method in foreseen(table, contract):
            yield _clause(table.name, check, method.value)


def _clause(table: str | None, check: Check, method: str) -> Document:
    verdict, message = None, None
    if isinstance(check.measure, Broken):
        verdict, message = "error", f"{check.measure.code}: {check.measure.what}"
    elif isinstance(check.measure, Settled):
        verdict, message = check.measure.status.value, check.measure.words
        if verdict == "failed" and check.severity.value == "warning":
            verdict = "warned"
    return {
        "table": table,
        "clause": check.clause,
        "kind": check.kind,
        "method": method,
        "verdict": verdict,
        "message": message,
        "where": str(check.location) if check.location else None,
    }


def _document(found: Found, problems: Sequence[Document], clauses: list[Document]) -> Document:
    contract = found.contract
    verdicts = Counter(clause["verdict"] or "to verify" for clause in clauses)
    return {
        "path": found.path,
        "contract": contract.id if contract else None,
        "version": contract.version if contract else None,
        "problems": list(problems),
        "clauses": clauses,
        "totals": {
            "clauses": len(clauses),
            "verdicts": dict(verdicts),
            "methods": dict(Counter(clause["method"] for clause in clauses)),
        },
        "fields": _fields(contract) if contract else {},
    }


def _fields(contract: Contract) -> Document:
    """Count the keys that a contract's file states by what becomes of them."""
    from hanse.spec.document import read_document  # YAML is loaded when needed only
    from hanse.spec.odcs_fields import stated

    root = read_document(contract.text.encode("utf-8", "surrogatepass"), contract.path).root
    counted = stated(root, contract.api_version)
    found: Counter[str] = Counter()
    for field, times in counted.items():
        found[TREATMENTS[field].how.value if field is not None else OTHER_KEYS] += times
    return {word: found[word] for word in (*(how.value for how in How), OTHER_KEYS) if found[word]}
