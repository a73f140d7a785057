"""Which names of a tree are base relations, and which are common table expressions."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hanse.sql.functions import VOLATILE
from hanse.sql.lex import Text
from hanse.sql.records import RelationRef

AT = "hanse.at"
"""Under which a relation's node notes which release of it is meant."""


def mentions(tree: exp.Expr) -> Iterator[tuple[exp.Table, exp.CTE | None]]:
    """Yield every named relation of a tree, with the CTE that it means, or None for a base relation.

    A CTE is known in its query, in the CTEs after it, and in itself if RECURSIVE; an inner name hides an outer one.
    """
    stack: list[tuple[exp.Expr, dict[str, exp.CTE]]] = [(tree, {})]
    while stack:
        node, known = stack.pop()
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            alone = not node.args.get("db")
            yield node, known.get(node.name.lower()) if alone else None
        clause = node.args.get("with_")
        if isinstance(clause, exp.With):
            known = dict(known)
            for cte in clause.expressions:
                within = known | {cte.alias.lower(): cte} if clause.args.get("recursive") else dict(known)
                stack.append((cte, within))
                known[cte.alias.lower()] = cte
        stack.extend((child, known) for child in node.iter_expressions() if child is not clause)


def relations(tree: exp.Expr, text: Text) -> tuple[RelationRef, ...]:
    """Return the base relations of a tree in the order written."""
    found = []
    for table, cte in mentions(tree):
        if cte is None:
            start = table.parts[0].meta.get("start") or 0
            found.append((start, RelationRef(parts(table), *text.position(start), at=table.meta.get(AT))))
    return tuple(ref for _, ref in sorted(found, key=lambda pair: pair[0]))


def parts(table: exp.Table) -> tuple[str, ...]:
    """Return a relation's name as its parts, outermost first."""
    return tuple(part.name for part in table.parts)


def is_volatile(tree: exp.Expr) -> bool:
    """Whether the same data may give another result at another time."""
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if name in VOLATILE or (name == "age" and len(node.expressions) == 1):
                return True
        elif isinstance(node, exp.Column):
            # `current_date` without parentheses is read as a column that may turn out to be a function.
            if len(node.parts) == 1 and node.name.lower() in VOLATILE:
                return True
        elif isinstance(node, exp.TableSample) and not node.args.get("seed"):
            return True
    return False


def offset_of(tree: exp.Expr, name: str) -> int | None:
    """Return where an identifier first stands in the statement's text, names compared without regard to case."""
    starts = [
        node.meta["start"]
        for node in tree.find_all(exp.Identifier)
        if node.name.lower() == name.lower() and isinstance(node.meta.get("start"), int)
    ]
    return min(starts, default=None)
