"""The server that other tests use: it starts, and it ends however its parent ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanse.testing.postgres import NoPostgresError, PostgresServer

_CHILD = """
import sys, time
from hanse.testing.postgres import PostgresServer
server = PostgresServer()
print(server.port, server.folder, flush=True)
time.sleep(600)
"""


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_statements_and_their_errors(postgres: PostgresServer) -> None:
    assert postgres.execute("SELECT 1; SELECT 'ü'") == "1\nü"
    with pytest.raises(RuntimeError, match="syntax error"):
        postgres.execute("SELEC 1")


def test_it_listens_on_loopback_alone_and_asks_for_a_password(postgres: PostgresServer) -> None:
    assert postgres.execute("SHOW listen_addresses") == "127.0.0.1"
    assert postgres.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules") == "scram-sha-256"


@pytest.mark.slow
def test_it_ends_with_its_parent_even_when_that_is_killed() -> None:
    child = subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    port, folder = child.stdout.readline().split()
    assert not refuses(int(port))
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    deadline = time.monotonic() + 30
    while (not refuses(int(port)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert refuses(int(port))
    assert not Path(folder).exists()


def test_a_folder_without_programs_is_no_server(tmp_path: Path) -> None:
    with pytest.raises((NoPostgresError, OSError)):
        PostgresServer(str(tmp_path))
