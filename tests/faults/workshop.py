"""Getting a mesh ready, letting a fault happen to it in a process of its own, and judging what is left.

Everything that touches a mesh happens in a child, forked from a process that has loaded all libraries, but opened no
database and run no statement. So one fault costs a fraction of a second. Tables name their files by absolute path:
the mesh always stands in the same folder, and is put back there from a copy.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import hanse
from faults.interpose import Slots
from faults.kinds import KINDS, Fault, Injector, ShiftedClock, Unexpected
from faults.operations import OPERATIONS, Act, Operation
from hanse.testing import invariants
from hanse.testing.meshes import MeshFolder

Document = dict[str, Any]
_PATIENCE = 120.0
"""Seconds after which a child hangs; none takes more than a few."""


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder, in memory where there is such a place: thousands of faults would wear out a disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="hanse-faults-", dir=memory if os.access(memory, os.W_OK) else None)


@dataclass
class Prepared:
    """One operation, its mesh as it was before, and what a run without any fault makes of it.

    Attributes:
        before: what each release held, by id.
        outputs: by product, what each completed run gave out.
        visible: what is visible in the end, by product.
        calls: every call of the operation: its name and its path.
    """

    operation: Operation
    folder: Path
    copy: Path
    before: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    visible: Mapping[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def faults(self) -> list[Fault]:
        """Return every fault that can be put into the operation, boundary by boundary."""
        counts: dict[str, int] = {}
        found = []
        for call, _ in self.calls:
            counts[call] = counts.get(call, 0) + 1
            kinds = [kind for kind in self.operation.kinds if call in KINDS[kind]]
            found += [Fault(self.operation.name, call, counts[call], kind) for kind in kinds]
        return found

    def put_back(self) -> None:
        """Put the mesh back to where the operation begins."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.copy, self.folder, symlinks=True)


@dataclass
class Verdict:
    """What became of one fault.

    Attributes:
        fired: where it happened; None: it did not.
        ending: how the process ended.
        violations: what does not hold.
    """

    fault: Fault
    fired: str | None = None
    ending: str = ""
    violations: list[str] = field(default_factory=list)


class Workshop:
    """Prepares operations in a folder and tries faults, one after the other.

    Args:
        folder: an empty folder; a real path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slots: Slots | None = None
        self._prepared: dict[str, Prepared] = {}

    def prepare(self, name: str) -> Prepared:
        """Get an operation ready, once."""
        if name not in self._prepared:
            self._prepared[name] = self._prepare(OPERATIONS[name])
        return self._prepared[name]

    def _prepare(self, operation: Operation) -> Prepared:
        mesh, copy = self._folder / operation.name / "mesh", self._folder / operation.name / "copy"
        prepared = Prepared(operation, mesh, copy)
        done = _required(_child(lambda _: self._build(prepared)))
        self._load(done["modules"])
        shutil.copytree(mesh, copy)
        counted = _required(_child(lambda report: self._act(prepared, operation.act, None, report)))
        beside = operation.beside
        if beside:
            prepared.put_back()
            _required(_child(lambda report: self._act(prepared, operation.act, None, report)))
            _required(_child(lambda report: self._act(prepared, beside, None, report)))
        after = _required(_child(lambda _: self._look(prepared)))
        self._load(after["modules"])
        prepared.calls = [(name, path) for name, path in counted["calls"]]
        prepared.before, prepared.visible = done["contents"], after["visible"]
        outputs: dict[str, list[Any]] = {}
        for product, content in (*done["outputs"], *after["outputs"]):
            outputs.setdefault(product, []).append(content)
        prepared.outputs = outputs
        judged = _child(lambda _: self._judge(prepared))
        if judged.get("violations") != []:
            raise RuntimeError(f"{operation.name} without any fault: {judged}")
        self._load(judged["modules"])
        return prepared

    def _load(self, modules: Iterable[str]) -> None:
        """Load what a child had to load, once for all children to come."""
        for name in modules:
            if name.partition(".")[0] not in {"__main__", "faults"} and name not in sys.modules:
                try:
                    importlib.import_module(name)
                except ImportError:
                    continue  # made by other modules, under a name that cannot be imported
        if self._slots is None:
            self._slots = Slots()
        gc.collect()
        gc.freeze()  # children need not look through what is shared

    def _build(self, prepared: Prepared) -> Document:
        prepared.folder.mkdir(parents=True)
        folder = MeshFolder(prepared.folder)
        prepared.operation.prepare(folder)
        return self._look(prepared)

    def _look(self, prepared: Prepared) -> Document:
        vague = prepared.operation.vague
        with hanse.open_mesh(prepared.folder) as mesh:
            products = {r.id: str(r.product) for r in mesh.registry.reader().releases()}
            contents = invariants.contents(mesh, vague=vague)
            return {
                "contents": contents,
                "outputs": [(products[release], content) for release, content in contents.items()],
                "visible": invariants.visible_content(mesh, vague=vague),
                "modules": sorted(sys.modules),
            }

    def _act(self, prepared: Prepared, act: Act, fault: Fault | None, report: int) -> Document:
        """Do an operation with a fault in it; runs in a child."""
        assert self._slots is not None
        clock = ShiftedClock()
        injector = Injector(fault, clock, report)
        self._slots.install(str(prepared.folder), injector)
        try:
            with hanse.open_mesh(prepared.folder, clock=clock) as mesh:
                act(mesh)
            ending = "done"
        except hanse.HanseError as error:
            ending = error.code.id
        except (Unexpected, KeyboardInterrupt) as error:
            ending = type(error).__name__
        except Exception as error:  # noqa: BLE001 - told to the parent
            if not _began_with_ours(error):
                return {"ending": "escaped", "escaped": traceback.format_exc()}
            ending = type(error).__name__
        return {"ending": ending, "calls": injector.calls if fault is None else []}

    def try_fault(self, fault: Fault) -> Verdict:
        """Let one fault happen, and judge."""
        prepared = self.prepare(fault.operation)
        prepared.put_back()
        verdict = Verdict(fault)
        beside = prepared.operation.beside
        children = [_Child(lambda report: self._act(prepared, prepared.operation.act, fault, report))]
        if beside:
            children.append(_Child(lambda report: self._act(prepared, beside, None, report)))
        try:
            documents = [child.end() for child in children]
        finally:
            for child in children:
                child.stop()
        verdict.fired = documents[0].get("fired")
        verdict.ending = documents[0]["ending"]
        for document in documents:
            if document["ending"] in {"escaped", "hung", "died"}:
                verdict.violations.append(f"{document['ending']}: {document.get('escaped', '')}")
        judged = _child(lambda _: self._judge(prepared))
        verdict.violations += judged.get("violations", [f"the judge ended: {judged}"])
        return verdict

    def _judge(self, prepared: Prepared) -> Document:
        """Look at what is there, go on as anybody would, and look again; runs in a child."""
        found: list[str] = []
        for stage in (self._as_it_is, self._going_on, self._maintained):
            try:
                found += stage(prepared)
            except hanse.HanseError as error:
                found.append(f"{stage.__name__.strip('_')}: {error}")
        return {"violations": found, "modules": sorted(sys.modules)}

    @staticmethod
    def _as_it_is(prepared: Prepared) -> Iterator[str]:
        with hanse.open_mesh(prepared.folder) as mesh:
            for fault in invariants.violations(
                mesh, prepared.outputs, known=prepared.before, vague=prepared.operation.vague
            ):
                yield f"after the fault: {fault}"

    @staticmethod
    def _going_on(prepared: Prepared) -> Iterator[str]:
        operation = prepared.operation
        with hanse.open_mesh(prepared.folder) as mesh:
            again = (operation.again or operation.act)(mesh)
            if operation.beside:
                operation.beside(mesh)
            if invariants.visible_content(mesh, vague=operation.vague) != prepared.visible:
                yield f"after going on: something else is visible than without a fault: {again}"

    @staticmethod
    def _maintained(prepared: Prepared) -> Iterator[str]:
        vague, clock = prepared.operation.vague, ShiftedClock()
        clock.shift = timedelta(days=30)
        with hanse.open_mesh(prepared.folder, clock=clock) as mesh:
            kept = mesh.maintain(grace=timedelta(0))
            yield from (f"maintenance: {d['error']}" for d in kept["products"] if d["error"])
            # What is visible holds the same rows as before, so it keeps its contract.
            for fault in invariants.violations(
                mesh, prepared.outputs, known=prepared.before, vague=vague, contracts=False
            ):
                yield f"after maintenance: {fault}"
            yield from (f"left over: {path}" for path in invariants.leftovers(mesh))
            if invariants.visible_content(mesh, vague=vague) != prepared.visible:
                yield "after maintenance: something else is visible"


def _began_with_ours(error: BaseException | None) -> bool:
    """Say whether an exception came up while one that was thrown into the process was on its way."""
    while error is not None and not isinstance(error, Unexpected | KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def shuffled(faults: list[Fault]) -> dict[str, list[Fault]]:
    """Return faults by kind, each kind in an order that is by chance but the same each time."""
    by_kind: dict[str, list[Fault]] = {}
    for fault in faults:
        by_kind.setdefault(fault.kind, []).append(fault)
    order = random.Random(1)
    for group in by_kind.values():
        order.shuffle(group)
    return by_kind


class _Child:
    """A forked process that does one thing and reports lines of JSON."""

    def __init__(self, work: Callable[[int], Document]) -> None:
        self._ended = False
        self._reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._reader)
            code = 1
            try:
                logging.disable()  # libraries tell of what we do to them
                document = work(writer)
                with os.fdopen(writer, "w", closefd=False) as file:
                    file.write(json.dumps(document) + "\n")
                code = 0
            except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
                os.write(writer, json.dumps({"ending": "escaped", "escaped": traceback.format_exc()}).encode() + b"\n")
            finally:
                os._exit(code)
        os.close(writer)

    def end(self) -> Document:
        """Wait for it, and return what it said."""
        import select

        deadline, said = time.monotonic() + _PATIENCE, b""
        hung = False
        with os.fdopen(self._reader, "rb", buffering=0) as file:
            while True:
                ready, _, _ = select.select([file], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    hung = True
                    os.kill(self._pid, signal.SIGKILL)
                    break
                part = file.read(65536)
                if not part:
                    break
                said += part
        self._ended, status = True, os.waitpid(self._pid, 0)[1]
        document: Document = {}
        for line in said.splitlines():
            document.update(json.loads(line))
        if hung:
            document["ending"] = "hung"
        elif os.WIFSIGNALED(status):
            killed = os.WTERMSIG(status) == signal.SIGKILL and "fired" in document
            document["ending"] = "killed" if killed else "died"
        return document

    def stop(self) -> None:
        """End it, if it was not waited for: it must not write where others clear away."""
        if not self._ended:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _child(work: Callable[[int], Document]) -> Document:
    child = _Child(work)
    try:
        return child.end()
    finally:
        child.stop()


def _required(document: Document) -> Document:
    if document.get("ending", "done") != "done":
        raise RuntimeError(f"without any fault: {document}")
    return document
