"""The operations that faults are put into: how the mesh is got ready, what is done, and what is done beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import hanse
from faults.kinds import KINDS
from hanse.app import Mesh
from hanse.base import Conflict, RegistryError
from hanse.pipelines.codes import BUSY
from hanse.testing.meshes import Columns, MeshFolder

Act = Callable[[Mesh], Any]
KEYED: Columns = {"id": {"logicalType": "integer", "primaryKey": True, "required": True}, "v": "string"}
PLAIN: Columns = {"id": {"logicalType": "integer", "required": True}, "v": "string"}
MOMENT = {"logicalType": "timestamp"}
HISTORY: Columns = {
    "id": {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1, "required": True},
    "v": "string",
    "valid_from": {**MOMENT, "primaryKey": True, "primaryKeyPosition": 2, "required": True},
    "valid_to": MOMENT,
}
RAW = "domains/sales/orders/data/raw.csv"


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        name: as faults name it.
        prepare: writes a mesh and brings it to where the operation begins.
        act: the operation.
        again: brings the mesh where the operation would have; must do so after any fault. None: the operation itself.
        beside: what a second process does at the same time, without a fault.
        vague: columns that hold times.
    """

    name: str
    prepare: Callable[[MeshFolder], None]
    act: Act
    again: Act | None = None
    beside: Act | None = None
    vague: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What can go wrong with it. A power cut would end the second process as well."""
        return tuple(kind for kind in KINDS if kind != "power" or self.beside is None)


def run(mesh: Mesh) -> Any:
    return mesh.run()


def apply_and_run(mesh: Mesh) -> Any:
    mesh.apply()
    return mesh.run()


def maintain(mesh: Mesh) -> Any:
    return mesh.maintain(grace=timedelta(0))


def csv(*rows: tuple[int, str]) -> str:
    return "id,v\n" + "".join(f"{number},{text}\n" for number, text in rows)


def many(version: str, count: int = 500) -> str:
    """Return a delivery, every row of which names its version."""
    return csv(*((number, f"{version}{number % 97}") for number in range(count)))


def _mesh_file(folder: MeshFolder, **more: Any) -> None:
    settings = {"engine": {"threads": 1}, **more}  # one thread: the calls come in one order
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "test", **settings})


def _two_tables(folder: MeshFolder, data: str) -> None:
    """Write a product with a table that is what was delivered, one that sums it up, and a private step between."""
    folder.product(
        "sales.orders",
        {"orders": KEYED, "totals": {"n": "integer", "last": "string"}},
        transforms={
            "orders": "SELECT id, v FROM raw",
            "summed": "SELECT count(*) AS n, max(v) AS last FROM orders",
            "totals": "SELECT n, last FROM summed",
        },
        data={"raw.csv": data},
        pipeline={"raw": {"file": "data/raw.csv"}},
    )


def _do(folder: MeshFolder, *acts: Act) -> None:
    with hanse.open_mesh(folder.root) as mesh:
        for act in acts:
            act(mesh)


def prepare_apply(folder: MeshFolder) -> None:
    _mesh_file(folder)
    _two_tables(folder, many("a"))


def prepare_evolve(folder: MeshFolder) -> None:
    _mesh_file(folder)
    _two_tables(folder, many("a"))
    _do(folder, apply_and_run)
    columns: Columns = {"n": "integer", "last": "string", "first": "string"}
    folder.contract("sales.orders", {"orders": KEYED, "totals": columns}, version="1.1.0")
    product = folder.root / "domains/sales/orders/product.yaml"
    product.write_text(product.read_text().replace('"1.0.0"', '"1.1.0"').replace('"v1.1.0"', '"v1.0.0"'))
    transforms = folder.root / "domains/sales/orders/transforms"
    (transforms / "summed.sql").write_text("SELECT count(*) AS n, max(v) AS last, min(v) AS first FROM orders")
    (transforms / "totals.sql").write_text("SELECT n, last, first FROM summed")


def prepare_replace(folder: MeshFolder) -> None:
    _mesh_file(folder)
    _two_tables(folder, many("a"))
    _do(folder, apply_and_run)
    folder.write(RAW, many("b"))


def prepare_taken_over(folder: MeshFolder) -> None:
    """Leave a run whose process died when both tables were committed and the release was not written."""
    prepare_replace(folder)
    child = os.fork()
    if child == 0:
        with hanse.open_mesh(folder.root) as mesh:
            commit = mesh.store.commit

            def committed(*arguments: Any, **options: Any) -> Any:
                result = commit(*arguments, **options)
                os.kill(os.getpid(), 9)
                return result

            mesh.store.commit = committed  # type: ignore[method-assign]
            mesh.run()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def _growing(
    settings: dict[str, Any], *deliveries: str, columns: Columns = KEYED, sql: str = "SELECT * FROM raw"
) -> Any:
    def prepare(folder: MeshFolder) -> None:
        _mesh_file(folder)
        folder.product(
            "sales.orders",
            {"orders": columns},
            transforms={"orders": sql},
            data={"raw.csv": deliveries[0]},
            pipeline={"raw": {"file": "data/raw.csv"}},
        )
        folder.settings("sales.orders", {"orders": settings})
        _do(folder, apply_and_run)
        for delivery in deliveries[1:-1]:
            folder.write(RAW, delivery)
            _do(folder, run)
        folder.write(RAW, deliveries[-1])

    return prepare


def prepare_backfill(folder: MeshFolder) -> None:
    """A table that is built range by range, of whose first ranges other rows have come."""
    _mesh_file(folder)
    folder.product(
        "sales.orders",
        {"orders": KEYED},
        transforms={"orders": "SELECT id, v FROM raw WHERE id >= $window_start AND id < $window_end"},
        data={"raw.csv": many("a", 39)},
        pipeline={"raw": {"file": "data/raw.csv"}},
    )
    window = {"column": "id", "start": 0, "size": 10, "until": "raw.id"}
    folder.settings("sales.orders", {"orders": {"window": window}})
    _do(folder, apply_and_run)
    folder.write(RAW, many("b", 39))


def backfill(mesh: Mesh) -> Any:
    return mesh.run(["sales.orders"], start=0, end=30)


def prepare_chain(folder: MeshFolder) -> None:
    """Two products, one of which reads the other."""
    _mesh_file(folder)
    _two_tables(folder, many("a"))
    folder.product(
        "finance.report",
        {"report": {"n": "integer", "last": "string"}},
        transforms={"report": "SELECT count(*) AS n, max(v) AS last FROM orders.orders"},
        inputs={"orders": "sales.orders"},
    )
    _do(folder, apply_and_run)
    folder.write(RAW, many("b"))


def prepare_rollback(folder: MeshFolder) -> None:
    prepare_replace(folder)
    _do(folder, run)


def roll_back(mesh: Mesh) -> Any:
    return mesh.rollback("sales.orders", 1)


def roll_back_again(mesh: Mesh) -> Any:
    try:
        return mesh.rollback("sales.orders", 1)
    except RegistryError as error:
        if error.code.id != "HNS-G021":  # it is visible already
            raise
        return None


def prepare_resume(folder: MeshFolder) -> None:
    prepare_rollback(folder)
    _do(folder, roll_back)


def resume(mesh: Mesh) -> Any:
    mesh.resume("sales.orders")
    return mesh.run(force=True)


def resume_again(mesh: Mesh) -> Any:
    mesh.resume("sales.orders")
    return mesh.run()


def prepare_maintain(folder: MeshFolder) -> None:
    """Many small files, old releases, and files that nothing names; all of it days old."""
    deliveries = [csv((number, f"v{number}")) for number in range(12)]
    _growing({"materialize": "append"}, *deliveries)(folder)
    _do(folder, run)
    _mesh_file(folder, retention={"releases": 3})
    warehouse = folder.root / ".hanse/warehouse"
    for number, part in enumerate(("data", "data", "metadata")):
        (warehouse / "sales/orders/orders" / part / f"stray-{number}.parquet").write_bytes(b"stray")
    for file in warehouse.rglob("*"):
        os.utime(file, (time.time() - 864_000,) * 2)


def maintain_again(mesh: Mesh) -> Any:
    for document in maintain(mesh)["products"]:
        if document["error"]:
            raise Conflict(BUSY, str(document["error"]))


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("apply", prepare_apply, apply_and_run),
        Operation("evolve", prepare_evolve, apply_and_run),
        Operation("replace", prepare_replace, run),
        Operation("takeover", prepare_taken_over, run),
        Operation(
            "append",
            _growing(
                {"materialize": "append"}, many("a"), csv((5000, "b"), (5001, "b")), csv((6000, "c"), (6001, "c"))
            ),
            run,
        ),
        Operation(
            "merge",
            _growing({"materialize": "merge"}, many("a"), csv((5000, "b")), csv((5, "c"), (5000, "c"), (7000, "c"))),
            run,
        ),
        Operation(
            "partition",
            _growing(
                {"materialize": "partition", "by": ["v"]},
                csv((1, "mon"), (2, "mon"), (3, "tue")),
                csv((4, "wed")),
                csv((5, "mon"), (6, "thu")),
                columns=PLAIN,
            ),
            run,
        ),
        Operation(
            "snapshot",
            _growing(
                {"materialize": "snapshot"},
                csv((1, "a"), (2, "b")),
                csv((1, "a"), (2, "changed"), (3, "c")),
                csv((1, "again"), (3, "c")),
                columns=HISTORY,
            ),
            run,
            vague=("valid_from", "valid_to"),
        ),
        Operation("backfill", prepare_backfill, backfill),
        Operation("chain", prepare_chain, run),
        Operation("rollback", prepare_rollback, roll_back, again=roll_back_again),
        Operation("resume", prepare_resume, resume, again=resume_again),
        Operation("maintain", prepare_maintain, maintain, again=maintain_again),
        Operation("beside", prepare_replace, run, beside=maintain),
        Operation("rivals", prepare_replace, run, beside=run),
    )
}
