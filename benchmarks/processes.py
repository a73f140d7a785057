"""Whole processes, measured by the kernel: CPU seconds with all children, peak memory, wall clock."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "bench"
PROGRAMS = Path(__file__).parent / "programs"
_MIB = 1 << 20
# A user's installation has compiled modules, and none of these.
_UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONOPTIMIZE", "VIRTUAL_ENV")
_QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
    "NO_COLOR": "1",
}


class ProcessFailed(Exception):
    """A measured process ended with another exit code than it must."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process and its children used.

    Attributes:
        cpu: user and system seconds.
        wall: seconds.
        peak: greatest resident memory of any of the processes, MiB.
        output: its standard output.
    """

    cpu: float
    wall: float
    peak: float
    output: str = ""


def run(command: Sequence[str | Path], *, folder: Path | None = None, code: int = 0) -> Usage:
    """Run a command to its end.

    Args:
        command: program and arguments.
        folder: working directory.
        code: exit code that it must end with.

    Raises:
        ProcessFailed: it ended with another one; holds the end of what it printed.

    Source: ``wait4`` counts a child with the descendants that it waited for. Linux lets the peak of a new program begin
    at the peak of the process that started it, so whatever is big has to happen in children, never in this process.
    """
    home = BUILD / "home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in _UNWANTED} | _QUIET | {"HOME": str(home)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output = out.read().decode(errors="replace")
        if process.returncode != code:
            said = (output + err.read().decode(errors="replace"))[-3000:]
            words = " ".join(Path(str(c)).name for c in command[:6])
            raise ProcessFailed(f"`{words}` ended with {process.returncode} instead of {code}:\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit / _MIB, output)


def hanse(mesh: Path, *arguments: str, code: int = 0) -> Usage:
    """Run the ``hanse`` command of this environment on a mesh."""
    return run([Path(sys.executable).parent / "hanse", "-C", mesh, *arguments], code=code)


def program(name: str, *arguments: str | Path, python: str | Path = sys.executable) -> Usage:
    """Run a program of :mod:`benchmarks.programs`."""
    return run([python, PROGRAMS / f"{name}.py", *arguments])


def alternate(sides: Mapping[str, Callable[[], Found]], rounds: int) -> dict[str, list[Found]]:
    """Measure sides in turn, A B A B, so that what else the machine does meets all of them.

    Args:
        sides: name → one measurement.
        rounds: how often each is measured.
    """
    found: dict[str, list[Found]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            found[name].append(measure())
    return found


def cpu(usages: Sequence[Usage]) -> float:
    """Return the median of CPU seconds."""
    return statistics.median(u.cpu for u in usages)


def peak(usages: Sequence[Usage]) -> float:
    """Return the median of peak memory, MiB."""
    return statistics.median(u.peak for u in usages)


def wall(usages: Sequence[Usage]) -> float:
    """Return the median of wall-clock seconds."""
    return statistics.median(u.wall for u in usages)


def compile_modules() -> None:
    """Compile every module of this environment and of Hanse, as an installation would have it."""
    site = Path(next(p for p in sys.path if p.endswith("site-packages")))
    # Some packages ship templates that are no modules; compileall says so with its exit code.
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", str(site), str(ROOT / "src")]
    subprocess.run(command, check=False, capture_output=True)
