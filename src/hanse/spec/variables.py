"""``${NAME}`` and ``${NAME:-default}`` in Hanse's own files. Values never reach a message or a cache."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from hanse.base import Location, Problem
from hanse.spec import codes

if TYPE_CHECKING:
    from hanse.spec.document import Document

_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{")


class Expansion:
    """Expands references and remembers which names were used.

    Args:
        environ: name → value.
        secret: keys whose references stay as they are written, wherever they stand: who needs the value reads it then,
            so that it is in no document, digest or cache.

    Attributes:
        names: names referred to so far.
    """

    def __init__(self, environ: Mapping[str, str], secret: Collection[str] = ()) -> None:
        self._environ = environ
        self.secret = frozenset(secret)
        self.names: set[str] = set()

    def text(self, text: str, path: str = "", where: Location | None = None) -> tuple[str, list[Problem]]:
        """Return a text with its references expanded, and what is wrong with them."""
        if "${" not in text:
            return text, []
        problems: list[Problem] = []

        def value_of(match: re.Match[str]) -> str:
            name, default = match.group(1), match.group(2)
            if match.group(0) == "$${":
                return "${"
            if name is None:
                problems.append(
                    Problem(
                        codes.BAD_REFERENCE,
                        "a `${` is not followed by a variable's name and `}`",
                        where or Location(path),
                        fix="write `${NAME}` or `${NAME:-default}`, or `$${` for a literal `${`",
                    )
                )
                return match.group(0)
            self.names.add(name)
            # As in a shell, `:-` stands in for a variable that is empty, too.
            value = self._environ.get(name)
            if default is not None:
                return value or default
            if value is None:
                problems.append(
                    Problem(
                        codes.UNSET_VARIABLE,
                        f"the variable `{name}` is not set",
                        where or Location(path),
                        fix=f"set it, or give a default: `${{{name}:-…}}`",
                    )
                )
                return match.group(0)
            return value

        return _REFERENCE.sub(value_of, text), problems

    def tree(self, value: Any) -> Any:
        """Return a JSON document with the references in all its texts expanded; faults are left as they are."""
        if isinstance(value, str):
            return self.text(value)[0]
        if isinstance(value, dict):
            return {k: v if k in self.secret else self.tree(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.tree(v) for v in value]
        return value


def expand_document(document: Document, expansion: Expansion) -> list[Problem]:
    """Expand the references of a whole document in place; return what is wrong with them, with places."""
    problems = list[Problem]()

    def visit(container: Any, entries: Any) -> None:
        for key, value in entries:
            if isinstance(value, str):
                if "${" in value and key not in expansion.secret:
                    container[key], found = expansion.text(value, document.path, document.at(container, key))
                    problems.extend(found)
            elif isinstance(value, dict):
                visit(value, list(value.items()))
            elif isinstance(value, list):
                visit(value, list(enumerate(value)))

    visit(document.root, list(document.root.items()))
    return problems
