"""Reading ``mesh.yaml`` and ``domain.yaml`` from bytes, with everything that is wrong in them."""

from __future__ import annotations

from typing import Any

from hanse.base import Problem, SpecError
from hanse.spec import codes
from hanse.spec.descriptors import DomainFile, MeshFile
from hanse.spec.document import Items, Map, WrittenFloat, read_document
from hanse.spec.models import Strictly, validate
from hanse.spec.variables import Expansion, expand_document

_MODELS: dict[str, type[Strictly]] = {"mesh": MeshFile, "domain": DomainFile}


def read_own(
    kind: str, path: str, data: bytes, expansion: Expansion, *, folder: str | None
) -> tuple[Any, Any | None, list[Problem]]:
    """Read a file of ours.

    Args:
        kind: ``mesh`` or ``domain``.
        path: the file, relative to the mesh.
        data: its bytes.
        expansion: how references are expanded.
        folder: of a domain: its folder's name, which its ``name`` must be.

    Returns:
        The document as written, the document expanded (None when it has errors), and the problems.
    """
    try:
        document = read_document(data, path)
    except SpecError as error:
        return None, None, list(error.problems)
    written = _spelt(document.root)
    problems = [*document.problems, *expand_document(document, expansion)]
    if problems:
        return written, None, problems
    model, problems = validate(document, _MODELS[kind], "`hanse/v1`")
    name = document.root.get("name")
    if folder is not None and isinstance(name, str) and name != folder:
        problems.append(
            Problem(
                codes.MISMATCHED_NAME,
                f"the domain's name is `{name}`, its folder is `{folder}`",
                document.at(document.root, "name"),
                fix=f"write `name: {folder}`, or leave it out; a name for people is `title:`",
            )
        )
    return written, (_spelt(document.root) if model and not problems else None), problems


def _spelt(value: Any) -> Any:
    """Return a value as built-in types, numbers with a fraction as they were written: no file of ours asks for one."""
    if isinstance(value, Map):
        return {k: _spelt(v) for k, v in value.items()}
    if isinstance(value, Items):
        return [_spelt(v) for v in value]
    return value.text if isinstance(value, WrittenFloat) else value
