"""A real MariaDB server for tests: on loopback, at a random port, gone with whoever started it.

Its programs come from the folder that ``HANSE_TEST_MARIADB`` names, from what ``scripts/mariadb`` unpacked beside the
running Python, or from an installed server.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hanse.testing.guarded import Guarded, GuardedServer, account, as_account, bare, free_port

_TRIES = 5
_START_SECONDS = 60
_SYSTEM = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
_SETTINGS = ("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--innodb-buffer-pool-size=32M", "--skip-ssl")


class NoMariaDbError(RuntimeError):
    """There is no MariaDB server to test with."""


class MariaDbServer(GuardedServer):
    """A server with one user who may do everything, ``hanse``; ends with its ``with`` statement, or with this process.

    Attributes:
        host, port, user, password: how to log in.
        folder: where its data and its log are.
    """

    host = "127.0.0.1"
    user = "hanse"

    def __init__(self) -> None:
        self._root = next(iter(_roots()), None)
        if self._root is None:
            raise NoMariaDbError("run `scripts/mariadb .venv/mariadb`, or set HANSE_TEST_MARIADB")
        self.password = secrets.token_hex(12)
        super().__init__("hanse-mariadb-")
        try:
            self._make()
            self._start()
        except BaseException:
            self.stop()
            raise

    def execute(self, sql: str, database: str | None = None) -> None:
        """Run statements, apart by semicolons, as the user who may do everything."""
        import pymysql

        with (
            pymysql.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                database=database,
                autocommit=True,
                client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
                ssl_disabled=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def _command(self, *options: str) -> list[str]:
        root = self._root
        assert root is not None
        messages = f"--lc-messages-dir={_share(root)}"
        return [
            str(_program(root)), "--no-defaults", f"--datadir={self.folder}/data", messages,
            "--plugin-dir=/nonexistent", *options,
        ]  # fmt: skip

    def _make(self) -> None:
        assert self._root is not None
        data = Path(self.folder, "data")
        data.mkdir()
        os.chmod(self.folder, 0o711)  # noqa: S103 - the unprivileged user has to pass through
        who = account("mysql")
        if who:
            for path in (self.folder, str(data)):
                os.chown(path, who.pw_uid, who.pw_gid)
        tables = [(_share(self._root) / name).read_text(encoding="utf-8") for name in _SYSTEM]
        login = f"GRANT ALL ON *.* TO '{self.user}'@'%' IDENTIFIED BY '{self.password}' WITH GRANT OPTION;"
        script = ["CREATE DATABASE IF NOT EXISTS mysql;", "USE mysql;", *tables, "FLUSH PRIVILEGES;", login, ""]
        done = subprocess.run(  # noqa: S603 - the server itself
            self._command("--bootstrap", *_SETTINGS),
            input="\n".join(script),
            capture_output=True, text=True, check=False, cwd=self.folder,
            env={**bare(), **_libraries(self._root)}, **as_account(who),
        )  # fmt: skip
        if done.returncode:
            raise NoMariaDbError(f"its tables cannot be made: {done.stderr.strip()[-2000:]}")

    def _start(self) -> None:
        assert self._root is not None
        for _ in range(_TRIES):  # somebody may take the port between the look and the start
            self.port = free_port()
            command = self._command(
                f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder}/socket",
                f"--pid-file={self.folder}/pid", *_SETTINGS,
            )  # fmt: skip
            self._guard = Guarded(command, self.folder, signal.SIGKILL, _libraries(self._root))
            if self._answers():
                return
            self._guard.stop()
            self._guard = None
        raise NoMariaDbError(f"the server did not start: {self.log[-2000:]}")

    def _answers(self) -> bool:
        import pymysql

        deadline = time.monotonic() + _START_SECONDS
        while self._guard is not None and self._guard.running and time.monotonic() < deadline:
            with contextlib.suppress(pymysql.MySQLError):
                self.execute("SELECT 1")
                return True
            time.sleep(0.05)
        return False


def _roots() -> Iterator[Path]:
    """Yield the folders that hold a server: what is asked for, what was unpacked, installed ones."""
    asked = os.environ.get("HANSE_TEST_MARIADB")
    installed = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    candidates = [
        *([Path(asked)] if asked else []),
        Path(sys.prefix, "mariadb", "usr"),
        *([Path(os.path.realpath(installed)).parent.parent] if installed else []),
    ]
    yield from (root for root in candidates if _program(root) is not None and (_share(root) / _SYSTEM[0]).exists())


def _program(root: Path) -> Path | None:
    return next((p for folder in ("sbin", "bin") if (p := root / folder / "mariadbd").exists()), None)


def _share(root: Path) -> Path:
    return next((p for name in ("mysql", "mariadb") if (p := root / "share" / name).is_dir()), root / "share")


def _libraries(root: Path) -> dict[str, str]:
    """Return where an unpacked server finds the libraries that came with it."""
    found = (
        sorted({str(file.parent) for file in (root / "lib").glob("*/*.so*")}) if root.parent.name == "mariadb" else []
    )
    return {"LD_LIBRARY_PATH": ":".join(found)} if found else {}
