"""``maintain`` over the products of a mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError, ProductName

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh

Document = dict[str, Any]


def maintain(
    mesh: Mesh,
    products: Iterable[str] | None,
    *,
    dry_run: bool,
    grace: timedelta | None,
    listener: Callable[[str, str, int, int], None] | None,
) -> Document:
    """Maintain products one after the other; see :meth:`hanse.app.Mesh.maintain`."""
    from hanse.pipelines import expired_releases
    from hanse.pipelines.upkeep.maintain import GRACE, Upkeep
    from hanse.pipelines.upkeep.maintain import maintain as maintain_product
    from hanse.pipelines.upkeep.scratch import clear_scratch

    workspace = mesh.load()
    around = mesh.surroundings(workspace)
    if products is None:
        names = sorted({table.owner for table in mesh.store.tables()})
    else:
        names = list(dict.fromkeys(ProductName.parse(p) for p in products))
    surplus = expired_releases(workspace, mesh.registry.reader(), mesh.clock.now(), names)

    def document(done: Upkeep) -> Document:
        return {
            "product": str(done.product),
            "expired": list(done.expired),
            "compacted": {table: {"before": b, "after": a} for table, (b, a) in done.compacted.items()},
            "snapshots": done.snapshots,
            "removed": done.removed,
            "bytes": done.bytes,
            "release": done.release,
            "error": None,
        }

    documents = []
    for number, name in enumerate(names):
        if listener:
            listener("maintain", str(name), number, len(names))
        ids = [release.id for release in surplus.get(name, ())]
        try:
            done = maintain_product(around, name, expire=ids, dry_run=dry_run, grace=GRACE if grace is None else grace)
        except HanseError as error:
            # One product's trouble, or its run under way, keeps no other from being maintained.
            documents.append({"product": str(name), "error": error.problem.as_document()})
        else:
            documents.append(document(done))
    if not dry_run:
        clear_scratch(around)
    removed, size = mesh.remote.trim(dry_run=dry_run)
    return {"dry_run": dry_run, "products": documents, "fetched": {"removed": removed, "bytes": size}}
