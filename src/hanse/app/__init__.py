"""Floor 17: `open_mesh`, the only place that chooses drivers."""

from hanse.app.mesh import Mesh, open_mesh

__all__ = ["Mesh", "open_mesh"]
