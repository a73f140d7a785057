"""Hanse: a self-serve data mesh platform.

>>> import hanse
>>> mesh = hanse.open_mesh("my-mesh")  # doctest: +SKIP
>>> mesh.query("SELECT count(*) AS n FROM sales.orders.orders").to_arrow()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.app import Mesh, open_mesh
    from hanse.app.contract.verify import verify_contracts as test_contract
    from hanse.base import HanseError

    __version__: str

__all__ = ["HanseError", "Mesh", "__version__", "open_mesh", "test_contract"]


def __getattr__(name: str) -> Any:
    # Importing the package stays cheap: the rest is loaded by the first use.
    if name == "test_contract":
        from hanse.app.contract.verify import verify_contracts

        return verify_contracts
    if name in {"Mesh", "open_mesh"}:
        from hanse import app

        return getattr(app, name)
    if name == "HanseError":
        from hanse.base import HanseError

        return HanseError
    if name == "__version__":
        from hanse.base.version import VERSION

        return VERSION
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
