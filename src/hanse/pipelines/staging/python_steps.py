"""Running Python transforms, each in a process of its own that knows nothing of the mesh.

What this guards against is accidents: an endless loop, a table too large, a variable printed, a library that crashes.
Whoever writes code in order to do harm is still the same user of the operating system.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from hanse import sql
from hanse.base import Code, Location, TransformError
from hanse.interfaces import ParquetScan, Session
from hanse.pipelines.codes import (
    PYTHON_ENDED,
    PYTHON_MEMORY,
    PYTHON_RAISED,
    PYTHON_RESULT,
    PYTHON_TIMEOUT,
)
from hanse.pipelines.records import Measured
from hanse.pipelines.staging.stage import explained, relation_of, result_of, window_type
from hanse.pipelines.transforms.graph import Node
from hanse.pipelines.transforms.windows import Cell
from hanse.spec import EngineSettings, Product

PRINTED = 8192
"""So much of what a step printed is kept: the end of it."""

# By path, not by name: the program knows the engine's library, which no room below the drivers imports.
_PROGRAM = Path(__file__).parents[2] / "drivers" / "python_step.py"
# Where libraries are found; nothing here says where the mesh is, who runs it or what may be opened with it.
_LET_THROUGH = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
_OUTCOME_BYTES = 1 << 16
_SHOWN = 500
_LAST_LINES = 3


class PythonSteps:
    """Runs the Python transforms of one build; several threads may use it.

    Args:
        scratch: folder for their files.
        settings: what they may use.
    """

    def __init__(self, scratch: str, settings: EngineSettings) -> None:
        self._scratch, self._settings = scratch, settings
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._staging: dict[str, threading.Lock] = {}
        self._staged: set[str] = set()  # in this build: what another process left may be half of it
        self._closed = False

    def run(self, session: Session, node: Node, product: Product, measured: Measured, cell: Cell | None = None) -> None:
        """Run a transform on what the session has bound, and bind its result there.

        Args:
            session: where its inputs are bound.
            node: the transform.
            product: whose it is.
            measured: hears of what it printed.
            cell: the range to build, of a table with a window.

        Raises:
            TransformError: HNS-L053 to HNS-L057.
            RunError: HNS-L020: its files cannot be kept.
        """
        folder = Path(self._scratch, f"python-{node.name}" if cell is None else f"python-{node.name}-{cell.part}")
        shutil.rmtree(folder, ignore_errors=True)
        home = folder / "home"
        home.mkdir(parents=True)
        try:
            self._write_request(session, node, product, folder, cell)
            self._run_process(node, product, folder, home, measured)
        finally:
            shutil.rmtree(home, ignore_errors=True)
            if cell is None:
                shutil.rmtree(self._inputs_of(node), ignore_errors=True)
        result = folder / "result.parquet"
        measured.bytes = result.stat().st_size
        with explained(node, product):
            session.bind(result_of(node, cell), ParquetScan((str(result),)))

    def close(self) -> None:
        """End whatever runs, and start nothing more."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            _kill_group(process)

    def _inputs_of(self, node: Node) -> Path:
        return Path(self._scratch, f"inputs-{node.name}")

    def _staged_inputs(self, session: Session, node: Node, product: Product) -> list[dict[str, str]]:
        """Return a transform's inputs, each staged as a file once for all the ranges of a run."""
        assert node.program is not None
        with self._lock:
            lock = self._staging.setdefault(node.name, threading.Lock())
        parameters = []
        with lock:
            self._inputs_of(node).mkdir(parents=True, exist_ok=True)
            for number, parameter in enumerate(node.program.parameters):
                path = self._inputs_of(node) / f"{number}.parquet"
                relation = relation_of(node.reads[parameter.relation.parts])
                if str(path) not in self._staged:
                    with explained(node, product):
                        have = session.describe(sql.select_star(relation))
                        session.stage(sql.select_exact(relation, have), str(path))
                    self._staged.add(str(path))
                parameters.append({"name": parameter.name, "kind": parameter.kind, "path": str(path)})
        return parameters

    def _write_request(self, session: Session, node: Node, product: Product, folder: Path, cell: Cell | None) -> None:
        assert node.transform is not None
        assert node.program is not None
        given = cell.values(window_type(node, product)) if cell else {}
        request = {
            "text": node.transform.text,
            "path": node.transform.path,
            "function": node.program.function,
            "line": node.program.line,
            "parameters": self._staged_inputs(session, node, product),
            "edges": [{"name": e.name, "kind": e.kind, "value": given[e.name].text} for e in node.program.edges],
            "search": [entry for entry in sys.path if os.path.isabs(entry)],
            "memory": self._settings.memory_limit or _most_of_the_machine(),
            "threads": self._settings.threads,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")

    def _run_process(self, node: Node, product: Product, folder: Path, home: Path, measured: Measured) -> None:
        ours, theirs = os.pipe()
        try:
            process = self._start(node, product, folder, home, ours)
        except BaseException:
            os.close(theirs)
            raise
        finally:
            os.close(ours)
        assert process.stdout is not None
        printed = _Printed(process.stdout)
        late = False
        try:
            process.wait(self._settings.python_seconds)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            _kill_group(process)  # also what it started and left behind
            process.wait()
            os.close(theirs)
            with self._lock:
                self._running.discard(process)
            text = printed.end()
            if text:
                measured.output = {"printed": text}
        outcome = {"status": "late"} if late else _outcome(folder)
        if outcome.get("status") != "done" or process.returncode != 0:
            raise self._fault(node, product, outcome, process.returncode, text)

    def _start(self, node: Node, product: Product, folder: Path, home: Path, pipe: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-s", "-P", "-u", str(_PROGRAM), str(folder), str(pipe)]
        with self._lock:
            if self._closed:
                raise self._fault(node, product, {"status": "closed"}, 0, "")
            try:
                process = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
                    command,
                    cwd=home,
                    env=_environment(str(home)),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(pipe,),
                    start_new_session=True,
                )
            except OSError as error:
                outcome = {"status": "unstarted", "message": error.strerror or str(error)}
                raise self._fault(node, product, outcome, 0, "") from error
            self._running.add(process)
        return process

    def _fault(
        self, node: Node, product: Product, outcome: Mapping[str, Any], exit_code: int, printed: str
    ) -> TransformError:
        assert node.transform is not None
        line = outcome.get("line")
        code, what, fix = self._words(outcome, exit_code)
        return TransformError(
            code,
            f"transform `{node.name}` of {product.name} {what}",
            where=Location(node.transform.path, line if isinstance(line, int) else 0),
            why=_why(outcome, printed),
            fix=fix,
            subject=f"{product.name}.{node.name}",
        )

    def _words(self, outcome: Mapping[str, Any], exit_code: int) -> tuple[Code, str, str]:
        kind, message = str(outcome.get("type", "")), _shown(str(outcome.get("message", "")))
        match outcome.get("status"):
            case "raised":
                told = f"{kind}: {message}" if message else kind
                missing = kind in {"ModuleNotFoundError", "ImportError"}
                fix = "install the package where Hanse is installed" if missing else "correct the transform"
                return PYTHON_RAISED, f"failed: {told}", fix
            case "result":
                fix = "return an Arrow table, a DuckDB relation or an Ibis expression"
                return PYTHON_RESULT, f"gave no table: {message}", fix
            case "memory":
                allowed = (self._settings.memory_limit or _most_of_the_machine()) / 1e9
                fix = "take relations or batches instead of whole tables, or raise `engine.memory_limit` in `mesh.yaml`"
                return PYTHON_MEMORY, f"needed more than the {allowed:.1f} GB of memory that it may take", fix
            case "late":
                seconds = self._settings.python_seconds
                fix = "make it faster, or raise `engine.python_seconds` in `mesh.yaml`"
                return PYTHON_TIMEOUT, f"was ended after {seconds} seconds", fix
            case "closed":
                return PYTHON_ENDED, "was ended with its run", "run it again"
            case "unstarted":
                return PYTHON_ENDED, f"could not be started: {message.lower()}", "look at the machine's load"
        if exit_code == -signal.SIGKILL:
            fix = "see whether the machine ran out of memory; lower `engine.memory_limit` in `mesh.yaml` if so"
            return PYTHON_ENDED, "was killed (SIGKILL)", fix
        if exit_code < 0:
            fix = "see which library crashed, by running the function by itself"
            return PYTHON_ENDED, f"crashed ({_signal_name(-exit_code)})", fix
        return PYTHON_ENDED, f"left its process (exit code {exit_code})", "return a table instead of ending the process"


class _Printed:
    """Reads what a process prints, in a thread, and keeps the end of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._parts: deque[bytes] = deque()
        self._kept = 0
        self._cut = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            while part := os.read(self._stream.fileno(), PRINTED):
                self._parts.append(part)
                self._kept += len(part)
                while self._kept - len(self._parts[0]) >= PRINTED:
                    self._kept -= len(self._parts.popleft())
                    self._cut = True

    def end(self) -> str:
        """Return what was kept. Waits a moment only: something may have left the group and hold the pipe."""
        self._thread.join(1)
        if not self._thread.is_alive():
            self._stream.close()
        data = b"".join(tuple(self._parts))
        cut = self._cut or len(data) > PRINTED
        return ("…" if cut else "") + data[-PRINTED:].decode("utf-8", "replace")


def _environment(home: str) -> dict[str, str]:
    """Return all the variables that a step sees; what its result could depend on is the same everywhere."""
    passed = {name: os.environ[name] for name in _LET_THROUGH if name in os.environ}
    return {
        **passed,
        "HOME": home,
        "TMPDIR": home,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # A group that is gone, or of which only the dead are left (macOS says that as a missing permission).
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _outcome(folder: Path) -> Mapping[str, Any]:
    try:
        with (folder / "outcome.json").open("rb") as file:
            found = json.loads(file.read(_OUTCOME_BYTES))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _why(outcome: Mapping[str, Any], printed: str) -> str | None:
    found = []
    if outcome.get("text"):
        found.append(f"the line is `{_shown(str(outcome['text']))}`")
    last = [line.strip() for line in printed.splitlines() if line.strip()][-_LAST_LINES:]
    if last:
        found.append(f"it printed at last: {_shown(' / '.join(last))}")
    return "; ".join(found) or None


def _shown(text: str) -> str:
    """Return foreign text as one bounded line without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _most_of_the_machine() -> int:
    return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 0.8)
