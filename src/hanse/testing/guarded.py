"""A server for tests that ends with whoever started it, however that ends.

Run as a program, this module is the guard: it starts the server, and ends it when its standard input does.
"""

from __future__ import annotations

import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_SECONDS = 60


class Guarded:
    """A running server and its guard.

    Args:
        command: the server, in the foreground.
        folder: what it keeps; goes if nobody is left to remove it. What it writes goes to the file `log` there.
        farewell: the signal that ends it at once.
        environ: what it needs in its environment.
    """

    def __init__(
        self, command: Sequence[str], folder: str, farewell: signal.Signals, environ: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this module
            [sys.executable, "-m", __name__, folder, str(int(farewell)), *command],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **{f"{_PREFIX}{key}": value for key, value in (environ or {}).items()}},
        )

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server, and wait for it. Stopping twice is harmless."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_SECONDS)


class GuardedServer:
    """What servers for tests share: a folder, a port, and a guard once they run.

    Args:
        prefix: how the folder's name begins.

    Attributes:
        folder: where its data and its log are.
        port: on loopback; 0 before it runs.
    """

    def __init__(self, prefix: str) -> None:
        self.folder = tempfile.mkdtemp(prefix=prefix)
        self.port = 0
        self._guard: Guarded | None = None

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        file = Path(self.folder, "log")
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def stop(self) -> None:
        """End the server at once, and remove what it kept. Stopping twice is harmless."""
        if self._guard is not None:
            self._guard.stop()
            self._guard = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


_PREFIX = "HANSE_GUARDED_"


def account(name: str) -> pwd.struct_passwd | None:
    """Return who a server runs as, None for the user of this process: servers refuse to be root."""
    if os.geteuid() != 0:
        return None
    accounts = {a.pw_name: a for a in pwd.getpwall()}
    return accounts.get(name) or accounts["nobody"]


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments of :class:`subprocess.Popen` for it."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def bare() -> dict[str, str]:
    """Return the environment of programs whose words are read here."""
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}


def free_port() -> int:
    """Return a port on loopback that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def guard(folder: str, farewell: signal.Signals, command: Sequence[str]) -> None:
    """Run a server until it or standard input ends; remove its folder if nobody is left to do it."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started the tests decides by ending them
    owner = os.stat(folder)
    other = owner.st_uid != os.geteuid()
    environ = {k.removeprefix(_PREFIX): v for k, v in os.environ.items() if k.startswith(_PREFIX)}
    who: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if other else {}
    with Path(folder, "log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - the tests' own server
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env={**bare(), **environ}, **who
        )
    try:
        while server.poll() is None and not select.select([sys.stdin], [], [], 0.2)[0]:
            pass
    finally:
        if server.poll() is None:
            server.send_signal(farewell)
        server.wait()
        if os.getppid() != parent:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(sys.argv[1], signal.Signals(int(sys.argv[2])), sys.argv[3:])
