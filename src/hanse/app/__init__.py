"""Floor 17: `open_mesh`, the only place that chooses drivers; contracts by themselves are in `hanse.app.contract`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh, open_mesh

__all__ = ["Mesh", "open_mesh"]


def __getattr__(name: str) -> Any:
    # A contract is tested without a mesh, so nothing of one is loaded for it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hanse.app import mesh

    return getattr(mesh, name)
