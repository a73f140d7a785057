"""The process in which one Python transform runs: it sees its inputs, writes its result, and says how it ended.

Usage: ``python -s -P python_step.py FOLDER PIPE``. The folder holds ``request.json``; ``result.parquet`` and
``outcome.json`` are written there. The pipe is a file descriptor whose other end belongs to the run: when that is gone,
so is this process.

Nothing of Hanse is imported here, so that the author's code meets none of it.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import linecache
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SYSTEM: str = sys.platform
_MESSAGE = 2000
_ROWS = 122_880
_LOOK_SECONDS = 0.05
_MEMORY = 125
# The libraries' own names for it; some do not derive from MemoryError.
_word = threading.Lock()
_OUT_OF_MEMORY = ("MemoryError", "ArrowMemoryError", "OutOfMemoryException")


class WrongResultError(Exception):
    """The function gave something that is no table."""


def main(folder: Path, pipe: int) -> None:
    """Run the transform that a folder's ``request.json`` tells of."""
    die_with(pipe)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # an image of the memory would outlive what it is about
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    sys.path[:] = request["search"]
    import pyarrow  # noqa: F401 - what it takes by itself is not the author's

    limit(folder, request["memory"])
    try:
        run(folder, request)
        outcome: Mapping[str, Any] = {"status": "done"}
    except BaseException as error:  # noqa: BLE001 - whatever the author's code raises is theirs to hear of
        outcome = told(error, request)
    tell(folder, outcome)
    # Threads and exit handlers that the author's code left are nobody's concern.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def die_with(pipe: int) -> None:
    """End this process and those that it starts when the other end of a pipe is closed."""

    def watch() -> None:
        os.read(pipe, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    if _SYSTEM == "linux":
        # Code that never lets go of the interpreter's lock keeps the thread waiting; the kernel does not ask for it.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(pipe, 10, signal.SIGKILL)  # F_SETSIG, which has no name here
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def limit(folder: Path, allowed: int) -> None:
    """Bound the memory that is taken from here on.

    Where the kernel counts what a process asks for, it refuses the rest. A thread looks at what is really in use, and
    ends the process: not every system counts, and not everything that is in use was asked for there.
    """
    if _SYSTEM == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        most = pages * resource.getpagesize() + allowed
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    ceiling = in_use() + allowed

    def watch() -> None:
        while in_use() <= ceiling:
            time.sleep(_LOOK_SECONDS)
        tell(folder, {"status": "memory"})
        os._exit(_MEMORY)

    threading.Thread(target=watch, daemon=True).start()


def in_use() -> int:
    """Return the bytes of memory in use; where the system does not say, the most that ever were."""
    if _SYSTEM == "linux":
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return (int(pages[1]) - int(pages[2])) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if _SYSTEM == "darwin" else 1024)


def run(folder: Path, request: Mapping[str, Any]) -> None:
    """Load the author's module, call the function and write what it returns."""
    engine = Engine(request)
    # Warnings name the file as the author knows it, and tracebacks find its lines.
    text, path = request["text"], request["path"]
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    module = ModuleType("transform")
    module.__file__ = path
    sys.modules[module.__name__] = module
    exec(compile(text, path, "exec", dont_inherit=True), vars(module))  # noqa: S102 - this is what the process is for
    function = vars(module)[request["function"]]
    arguments = {p["name"]: engine.open(p["name"], p["kind"], p["path"]) for p in request["parameters"]}
    edges = {e["name"]: edge(e["kind"], e["value"]) for e in request["edges"]}
    write(function(**arguments, **edges), str(folder / "result.parquet"))


def edge(kind: str, value: Any) -> Any:
    """Return a boundary of the range to be built as its parameter's annotation asks for it; times are in UTC."""
    if kind == "int":
        return int(value)
    moment = datetime.datetime.fromisoformat(value)
    return moment.date() if kind == "date" else moment


class Engine:
    """Opens inputs; DuckDB and Ibis are loaded when an input wants them."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._ibis: Any = None

    def open(self, name: str, kind: str, path: str) -> Any:
        """Return an input as the parameter's annotation asks for it."""
        match kind:
            case "arrow":
                import pyarrow.parquet

                return pyarrow.parquet.read_table(path)
            case "duckdb":
                return self.connection().read_parquet(path).set_alias(name)
        if self._ibis is None:
            import ibis

            self._ibis = ibis.duckdb.from_connection(self.connection())
        return self._ibis.read_parquet(path, table_name=name)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the library's own connection, so that `duckdb.sql` sees the inputs as well."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.default_connection()
            self._connection.execute(
                "SET memory_limit = $memory; SET temp_directory = 'spilled'; SET TimeZone = 'UTC';"
                "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;".replace(
                    "$memory", f"'{self._request['memory'] * 3 // 4}B'"
                )
            )
            if self._request["threads"]:
                self._connection.execute(f"SET threads = {int(self._request['threads'])}")
        return self._connection


def write(result: Any, path: str) -> None:
    """Write a table, a stream of batches, a relation or an expression as Parquet.

    Raises:
        WrongResultError: it is none of these, or holds what Parquet cannot.
    """
    import pyarrow
    import pyarrow.parquet

    reader = stream_of(result)
    names = reader.schema.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise WrongResultError(f"the result has two columns called `{twice[0]}`")
    if not names:
        raise WrongResultError("the result has no columns")
    try:
        with pyarrow.parquet.ParquetWriter(path, reader.schema) as writer:
            for table in gathered(reader):
                writer.write_table(table, row_group_size=_ROWS)
    except (pyarrow.ArrowNotImplementedError, pyarrow.ArrowTypeError) as error:
        raise WrongResultError(f"the result cannot be kept: {error}") from error


def stream_of(result: Any) -> pa.RecordBatchReader:
    """Return a result's batches.

    Raises:
        WrongResultError: it has none.
    """
    import pyarrow

    if isinstance(result, pyarrow.RecordBatchReader):
        return result
    if isinstance(result, pyarrow.RecordBatch):
        result = pyarrow.Table.from_batches([result])
    if isinstance(result, pyarrow.Table):
        return result.to_reader(max_chunksize=_ROWS)
    for way in ("to_arrow_reader", "to_pyarrow_batches"):
        # A DuckDB relation's and an Ibis expression's own: rows come as they are computed.
        found: Callable[[], pa.RecordBatchReader] | None = getattr(result, way, None)
        if found is not None and type(result).__module__.partition(".")[0] in {"_duckdb", "duckdb", "ibis"}:
            return found()
    if hasattr(result, "__arrow_c_stream__") and not isinstance(result, type):
        return pyarrow.RecordBatchReader.from_stream(result)
    kind = type(result)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    raise WrongResultError(f"it returned {'nothing' if result is None else f'a value of the type `{name}`'}")


def gathered(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yield batches, small ones together, so that a row group is not smaller than it need be."""
    import pyarrow

    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS:
            yield pyarrow.Table.from_batches(waiting, reader.schema)
            waiting, rows = [], 0
    if waiting:
        yield pyarrow.Table.from_batches(waiting, reader.schema)


def told(error: BaseException, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what there is to say of an error: its type, its message, and the author's line."""
    name = type(error).__name__
    if name in _OUT_OF_MEMORY:
        return {"status": "memory", **_place(error, request)}
    status = "result" if isinstance(error, WrongResultError) else "raised"
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the author's exception cannot even be shown
        message = ""
    return {"status": status, "type": name, "message": message[:_MESSAGE], **_place(error, request)}


def _place(error: BaseException, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the author's line that an error came through, the innermost; none if it came later."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == request["path"]]
    if not frames:
        return {"line": request["line"]}
    last = frames[-1]
    return {"line": last.lineno, "function": last.name, "text": (last.line or "")[:200]}


def tell(folder: Path, outcome: Mapping[str, Any]) -> None:
    """Leave word of how it ended: the first word counts, whole or not at all."""
    if _word.acquire(blocking=False):
        part = folder / "outcome.part"
        part.write_text(json.dumps(outcome), encoding="utf-8")
        part.replace(folder / "outcome.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
