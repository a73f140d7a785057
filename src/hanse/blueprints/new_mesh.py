"""`hanse init`: a new mesh with one small product that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hanse.base import BlueprintError, HanseError, SpecError
from hanse.base.codes import ILLEGAL_NAME
from hanse.base.names import name_fault, suggest_name
from hanse.blueprints.codes import INSIDE_MESH, MESH_EXISTS, WOULD_OVERWRITE
from hanse.blueprints.folder import compare, write
from hanse.blueprints.packaged import packaged
from hanse.spec import find_mesh

_NEXT = (
    "hanse check",
    "hanse apply",
    "hanse run sales.orders",
    'hanse query "SELECT * FROM sales.orders.revenue_by_day"',
)
_PLACEHOLDER = b"my_mesh"
# A repository often has these already; the mesh works without ours.
_OPTIONAL = frozenset({".gitignore", "README.md"})


def init(path: str | Path, *, name: str | None = None) -> dict[str, Any]:
    """Write a minimal mesh: ``mesh.yaml``, ``.gitignore``, a README and the product ``sales.orders``.

    Files that are there stay as they are; a README and a ``.gitignore`` of the user's own are kept.

    Args:
        path: the mesh's folder; made when missing, may hold other files.
        name: the mesh's name; by default made of the folder's name.

    Returns:
        A document: ``blueprint``, ``folder`` (absolute), the files ``written``, ``unchanged`` and ``kept`` (there with
        other content), and the commands to run ``next``.

    Raises:
        BlueprintError: HNS-B002 when the folder is a mesh already, HNS-B012 when it lies inside one, HNS-B003 when a
            file is in the way (then nothing is written), HNS-B006 when the operating system refuses.
        HanseError: HNS-N001 when the name is illegal.
    """
    folder = Path(path).absolute()
    content = _named(packaged("minimal"), _legal_name(folder, name))
    if (folder / "mesh.yaml").exists():
        raise BlueprintError(MESH_EXISTS, f"`{folder}` is a mesh already", fix="work in it, or name another folder")
    above = mesh_above(folder)
    if above is not None:
        raise BlueprintError(
            INSIDE_MESH,
            f"`{folder}` lies inside the mesh `{above}`",
            why="commands in it would mean the inner mesh, those beside it the outer one; nothing was written",
            fix="`hanse new product` adds a product to a mesh; or name a folder outside",
        )
    found = compare(folder, content)
    in_the_way = [f for f in found.different if f not in _OPTIONAL]
    if in_the_way:
        raise BlueprintError(
            WOULD_OVERWRITE,
            "a new mesh would overwrite " + ", ".join(f"`{f}`" for f in in_the_way),
            why="nothing was written",
            fix="move it away, or name another folder",
        )
    # mesh.yaml last: a half-written mesh is no mesh, and running init again completes it.
    order = sorted(found.missing, key=lambda f: (f == "mesh.yaml", f))
    write(folder, {f: content[f] for f in order})
    return found.as_document("minimal", folder, _NEXT)


def mesh_above(folder: Path) -> str | None:
    """Return the mesh that a folder lies inside of, or None."""
    try:
        return find_mesh(folder.parent)
    except SpecError:
        return None


def _legal_name(folder: Path, name: str | None) -> str:
    if name is None:
        return suggest_name(folder.name)
    fault = name_fault(name)
    if fault:
        raise HanseError(
            ILLEGAL_NAME, f"`{name}` is not a legal name for a mesh: {fault}", fix=f"try `{suggest_name(name)}`"
        )
    return name


def _named(content: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {
        f: text.replace(_PLACEHOLDER, name.encode()) if f in ("mesh.yaml", "README.md") else text
        for f, text in content.items()
    }
