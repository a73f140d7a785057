"""Looking at everything that a mesh needs to work."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh

Document = dict[str, Any]
_LIBRARIES = ("hanse", "duckdb", "pyarrow", "sqlalchemy", "sqlglot")
_LEAST_FREE_BYTES = 1 << 30


def examine(mesh: Mesh) -> Document:
    """Return one finding per thing looked at.

    Returns:
        ``findings``: ``name``, ``status`` (``ok``, ``warning``, ``problem``), ``detail``, ``fix``; and ``healthy``,
        False if any is a problem. A look that fails is itself a problem: nothing is left out in silence.
    """
    findings: list[Document] = []
    told: dict[str, str] = {}
    for name, look in _LOOKS:
        try:
            findings += [{"name": name, **finding} for finding in look(mesh)]
        except HanseError as error:
            what, fix = error.problem.what, error.problem.fix
            earlier = told.setdefault(what, name)
            if earlier != name:
                what, fix = f"not looked at: see {earlier}", None
            findings.append({"name": name, **_problem(what, fix, error.code.id)})
    return {
        "mesh": mesh.config.name,
        "healthy": all(f["status"] != "problem" for f in findings),
        "findings": findings,
    }


def _versions(_: Mesh) -> Iterator[Document]:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    yield _ok(f"Python {platform.python_version()} on {sys.platform}; {libraries}")


def _disk(mesh: Mesh) -> Iterator[Document]:
    free = shutil.disk_usage(mesh.config.root).free
    detail = f"{free / 1e9:.1f} GB free at {mesh.config.root}"
    if free < _LEAST_FREE_BYTES:
        yield {"status": "warning", "detail": detail, "fix": "free some room: a run that meets a full disk fails"}
    else:
        yield _ok(detail)


def _files(mesh: Mesh) -> Iterator[Document]:
    found = mesh.check()
    detail = ", ".join(_count(found[thing], thing) for thing in ("products", "errors", "warnings"))
    if found["errors"]:
        yield _problem(detail, "`hanse check` lists them")
    else:
        yield _ok(detail)


def _registry(mesh: Mesh) -> Iterator[Document]:
    digests = mesh.registry.reader().digests()
    yield _ok(f"{_count(len(digests), 'products')} applied")


def _events(mesh: Mesh) -> Iterator[Document]:
    verdict = mesh.verify_events()
    if verdict["ok"]:
        yield _ok(f"{_count(verdict['count'], 'events')}, chain intact, head {verdict['head'][:16]}…")
    else:
        yield _problem(
            f"the chain is broken: {verdict['broken']['detail']}", "restore the control database from a backup"
        )


def _runs(mesh: Mesh) -> Iterator[Document]:
    from hanse.pipelines.lease import owner_is_dead
    from hanse.registry import RunStatus

    running = mesh.registry.reader().runs(status=RunStatus.RUNNING)
    dead = [r for r in running if owner_is_dead(r.owner)]
    for run in dead:
        yield {
            "status": "warning",
            "detail": f"run {run.id} of {run.product} lost its process",
            "fix": f"`hanse run {run.product}` goes on with it or clears it away",
        }
    if not dead:
        yield _ok(f"{len(running)} under way, none without a process")


def _tables(mesh: Mesh) -> Iterator[Document]:
    """Every file of every visible release is there and readable: what consumers would meet."""
    checked = 0
    for release in mesh.registry.reader().visible().values():
        for table in release.tables:
            checked += 1
            for problem in mesh.store.verify(table.table, table.snapshot_id):
                yield _problem(f"{table.table}: {problem.what}", problem.fix, problem.code.id)
    yield _ok(f"{_count(checked, 'released tables')} looked at")


def _not_run(mesh: Mesh) -> Iterator[Document]:
    reader = mesh.registry.reader()
    missing = sorted(reader.digests().keys() - reader.visible().keys())
    for name in missing:
        yield {"status": "warning", "detail": f"{name} has no release yet", "fix": f"`hanse run {name}`"}
    if not missing:
        yield _ok("every applied product has a release")


def _count(number: int, things: str) -> str:
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def _ok(detail: str) -> Document:
    return {"status": "ok", "detail": detail, "fix": None}


def _problem(detail: str, fix: str | None, code: str | None = None) -> Document:
    return {"status": "problem", "detail": detail, "fix": fix, "code": code}


_LOOKS: tuple[tuple[str, Callable[[Mesh], Iterator[Document]]], ...] = (
    ("versions", _versions),
    ("disk", _disk),
    ("files", _files),
    ("registry", _registry),
    ("events", _events),
    ("runs", _runs),
    ("tables", _tables),
    ("releases", _not_run),
)
