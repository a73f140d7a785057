"""Looking at everything that a mesh needs to work."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hanse.base import HanseError

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh

Document = dict[str, Any]
_Looks = tuple[tuple[str, Callable[["Mesh"], Iterator[Document]]], ...]
_LIBRARIES = ("hanse", "duckdb", "pyarrow", "sqlalchemy", "sqlglot")
_LEAST_FREE_BYTES = 1 << 30


def examine(mesh: Mesh, *, deep: bool = False) -> Document:
    """Return one finding per thing looked at; see :meth:`hanse.app.Mesh.doctor`."""
    looks: _Looks = (*_LOOKS, ("tables", partial(_tables, deep=deep)), *_LAST_LOOKS)
    findings: list[Document] = []
    told: dict[str, str] = {}
    for name, look in looks:
        try:
            findings += [{"name": name, **finding} for finding in look(mesh)]
        except OSError as error:
            findings.append(
                {"name": name, **_problem(f"cannot be looked at: {error}", "check the disk and its rights")}
            )
        except HanseError as error:
            what, fix = error.problem.what, error.problem.fix
            earlier = told.setdefault(what, name)
            if earlier != name:
                what, fix = f"not looked at: see {earlier}", None
            findings.append({"name": name, **_problem(what, fix, error.code.id)})
    findings = [{"means": None, "code": None, "subject": None, **finding} for finding in findings]
    return {
        "mesh": mesh.config.name,
        "healthy": all(f["status"] != "problem" for f in findings),
        "findings": findings,
    }


def _versions(_: Mesh) -> Iterator[Document]:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    yield _ok(f"Python {platform.python_version()} on {sys.platform}; {libraries}")


def _disk(mesh: Mesh) -> Iterator[Document]:
    looked: set[int] = set()
    for place in _places(mesh):
        device = os.stat(place).st_dev
        if device in looked:
            continue
        looked.add(device)
        free = shutil.disk_usage(place).free
        detail = f"{free / 1e9:.1f} GB free at {place}"
        if free < _LEAST_FREE_BYTES:
            yield _warning(detail, "make room", "a run that meets a full disk fails; readers keep the last release")
        else:
            yield _ok(detail)


def _rights(mesh: Mesh) -> Iterator[Document]:
    closed = [place for place in _places(mesh) if not os.access(place, os.W_OK | os.X_OK)]
    for place in closed:
        yield _warning(
            f"{place} cannot be written by this user, or is mounted read-only",
            "give this user the right to write there, if it shall run products",
            "queries work; `apply`, `run` and `maintain` do not",
        )
    if not closed:
        yield _ok("storage can be written")


def _places(mesh: Mesh) -> list[str]:
    """Return the folders that the mesh writes to, those that are there."""
    config = mesh.config
    wanted = (config.root, config.state, os.path.join(config.root, config.warehouse))
    return list(dict.fromkeys(place for place in map(str, wanted) if os.path.isdir(place)))


def _files(mesh: Mesh) -> Iterator[Document]:
    found = mesh.check()
    detail = ", ".join(_count(found[thing], thing) for thing in ("products", "errors", "warnings"))
    if found["errors"]:
        yield _problem(detail, "`hanse check` lists them")
    else:
        yield _ok(detail)


def _registry(mesh: Mesh) -> Iterator[Document]:
    from hanse.registry import verify_registry

    reader = mesh.registry.reader()
    broken = list(verify_registry(reader))
    for problem in broken:
        yield {
            **_problem(problem.what, problem.fix, problem.code.id),
            "means": "what readers see may not be what was released",
            "subject": problem.subject,
        }
    stored = len(mesh.store.tables())
    if stored and not reader.events(limit=1):  # the first apply records its domain before it makes a table
        yield {
            **_problem(
                f"the registry is empty, while {_count(stored, 'tables')} are in the store: it was lost or replaced",
                "restore the control database from a backup, before anything is applied",
                "HNS-G004",
            ),
            "means": "readers are told that there is no such product",
        }
    elif not broken:
        count = len(reader.digests())
        yield _ok(f"whole; {_count(count, 'products')} applied" if count else "whole; nothing applied yet")


def _events(mesh: Mesh) -> Iterator[Document]:
    verdict = mesh.verify_events()
    if verdict["ok"] and not verdict["count"]:
        yield _ok("none yet")
    elif verdict["ok"]:
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
        fix = f"`hanse run {run.product}` goes on with it or clears it away"
        yield _warning(f"run {run.id} of {run.product} lost its process", fix)
    if not dead:
        yield _ok(f"{len(running)} under way, none without a process")


def _databases(mesh: Mesh) -> Iterator[Document]:
    """Every connection of `mesh.yaml` answers, and lets its user in."""
    import os

    from hanse.app import drivers
    from hanse.ingest import server_of

    databases = drivers.databases(mesh.config)
    for connection in mesh.config.connections.values():
        try:
            databases.open(server_of(connection, mesh.config, os.environ)).close()
        except HanseError as error:
            why = f" ({error.problem.why})" if error.problem.why else ""
            found = f"connection `{connection.name}`: {error.problem.what}{why}"
            yield _problem(found, error.problem.fix, error.code.id)
        else:
            yield _ok(f"connection `{connection.name}` answers")
    if not mesh.config.connections:
        yield _ok("no connection in mesh.yaml")


def _tables(mesh: Mesh, *, deep: bool) -> Iterator[Document]:
    """Every file of every release that can be named is there and whole: what consumers would meet."""
    from hanse.app.damage import findings, look_for_damage

    damage = look_for_damage(mesh, deep=deep)
    found = list(findings(damage))
    yield from found
    releases = sum(map(len, damage.releases.values()))
    how = "every byte of" if deep else "metadata, sizes and footers of"
    if not releases:
        yield _ok("nothing released yet")
    elif not found:
        more = "" if deep else "; `--deep` reads every byte"
        yield _ok(f"{how} {_count(damage.tables, 'released tables')} and {_count(releases, 'releases')} whole{more}")


def _store(mesh: Mesh) -> Iterator[Document]:
    """Tables that were applied are in the store, and no others."""
    reader = mesh.registry.reader()
    applied = {t.name for p in reader.products() for t in p.tables}
    released = {t.table for r in reader.releases() if r.expired_at is None for t in r.tables}
    stored = set(mesh.store.tables())
    for name in sorted(applied - stored - released):
        fix = f"`hanse run {name.owner} --force` makes it anew"
        yield {**_problem(f"{name} was applied and is not in the store", fix), "means": f"runs of {name.owner} fail"}
    for name in sorted(stored - applied - released):
        yield _warning(
            f"{name} is in the store, and nothing that was applied or released names it",
            "nothing has to be done; the next `hanse apply` of such a table takes it over",
            "nobody reads it; it only takes room",
        )
    if stored >= applied - released and stored <= applied | released:
        yield _ok(f"{_count(len(stored), 'tables')}, none unknown")


def _not_run(mesh: Mesh) -> Iterator[Document]:
    reader = mesh.registry.reader()
    applied = reader.digests().keys()
    waiting = sorted(mesh.load().entries.keys() - applied)
    missing = sorted(applied - reader.visible().keys())
    for name in waiting:
        yield _warning(f"{name} was never applied", f"`hanse apply {name}`, then `hanse run {name}`")
    for name in missing:
        yield _warning(f"{name} has no release yet", f"`hanse run {name}`")
    if not missing and not waiting:
        yield _ok("every product has a release" if applied else "the mesh has no products yet: `hanse new product`")


def _count(number: int, things: str) -> str:
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def _ok(detail: str) -> Document:
    return {"status": "ok", "detail": detail, "fix": None}


def _warning(detail: str, fix: str, means: str | None = None) -> Document:
    return {"status": "warning", "detail": detail, "means": means, "fix": fix}


def _problem(detail: str, fix: str | None, code: str | None = None) -> Document:
    return {"status": "problem", "detail": detail, "fix": fix, "code": code}


_LOOKS: _Looks = (
    ("versions", _versions),
    ("disk", _disk),
    ("rights", _rights),
    ("files", _files),
    ("registry", _registry),
    ("events", _events),
    ("runs", _runs),
    ("databases", _databases),
)
_LAST_LOOKS: _Looks = (
    ("store", _store),
    ("releases", _not_run),
)
