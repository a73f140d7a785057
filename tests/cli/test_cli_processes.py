"""The command as its users start it: as a process, with pipes, terminals and signals."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import hanse
from hanse.testing.meshes import MeshFolder

HANSE = [sys.executable, "-m", "hanse"]
LAZY = ("alembic", "duckdb", "pyarrow", "pydantic", "pyiceberg", "rich", "sqlalchemy", "sqlglot", "yaml")


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HANSE, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | environment,
        check=False,
        timeout=60,
    )


def on_a_terminal(*arguments: str, columns: int = 80, typed: str = "", **environment: str) -> tuple[int, str]:
    """Run a command on a terminal, type something when it asks, and return its exit code and what it showed."""
    environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR"}} | {
        "TERM": "xterm-256color",
        **environment,
    }
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [*HANSE, *arguments], stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True
    ) as child:
        os.close(other)
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([main], [], [], 1)[0]:
                continue
            try:
                shown += os.read(main, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            if typed and b"[y/N]" in shown:
                os.write(main, typed.encode())
                typed = ""
        os.close(main)
        code = child.wait(10)
    return code, shown.decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_what_is_loaded_is_only_what_is_needed(built: Path) -> None:
    program = (
        "import sys; from hanse.cli.main import run\n"
        "run(sys.argv[1:])\n"
        f"print(sorted({LAZY!r} & sys.modules.keys()), file=sys.stderr)"
    ).replace(repr(LAZY), repr(set(LAZY)))

    def loaded(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stderr.splitlines()[-1]

    assert loaded("--help") == "[]"
    assert loaded("query", "--help") == "[]"
    assert loaded("nonsense") == "[]"
    assert loaded("-C", str(built), "check") == "[]"
    assert loaded("-C", str(built), "run") == "['sqlalchemy']"
    assert loaded("-C", str(built), "plan") == "['sqlalchemy']"


def test_nothing_is_coloured_off_a_terminal(built: Path) -> None:
    for command in ("list", "plan", "check", "doctor", "runs", "show sales.orders"):
        done = process("-C", str(built), *command.split(), FORCE_COLOR="1", TERM="xterm-256color")
        assert "\x1b" not in done.stdout + done.stderr, command


def test_a_terminal_has_colours_and_rules_and_its_width(built: Path) -> None:
    code, shown = on_a_terminal("-C", str(built), "show", "sales.orders", columns=60)
    assert code == 0
    assert "\x1b[1m" in shown
    assert "──────" in shown
    lines = plain(shown).splitlines()
    # Commands stand on one line, so that they can be copied.
    assert [line for line in lines if len(line) > 60 and "hanse query" not in line] == []
    code, shown = on_a_terminal("-C", str(built), "show", "sales.orders", NO_COLOR="1")
    assert "\x1b" not in shown


def test_a_query_on_a_terminal_is_a_table(built: Path) -> None:
    sql = r"SELECT order_id, e'\x1b[2J' AS evil FROM sales.orders.orders LIMIT 1"
    code, shown = on_a_terminal("-C", str(built), "query", sql)
    assert code == 0
    assert "\x1b[2J" not in shown
    assert "       1  \\x1b[2J\n" in plain(shown)
    code, shown = on_a_terminal("-C", str(built), "query", sql, "--format", "parquet")
    assert code == 2
    assert "--output FILE" in shown


@pytest.mark.parametrize(("typed", "code", "end"), [("y\n", 0, "applied 4 steps"), ("n\n", 1, "nothing was applied")])
def test_apply_asks_on_a_terminal(typed: str, code: int, end: str, mine: Path) -> None:
    ended, shown = on_a_terminal("-C", str(mine), "apply", typed=typed)
    assert ended == code
    assert "+ table orders  4 columns" in plain(shown)
    assert plain(shown).count("Apply this?") == 1
    assert end in plain(shown)


def test_a_run_on_a_terminal_ends_without_a_trace_of_its_bar(mine: Path) -> None:
    with hanse.open_mesh(mine) as mesh:
        mesh.apply()
    code, shown = on_a_terminal("-C", str(mine), "run")
    assert code == 0
    assert "sales.orders  release 1" in plain(shown)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")


@pytest.mark.parametrize("command", ["list", "query 'SELECT * FROM range(1000000)'", "events --json"])
def test_a_reader_that_has_seen_enough_is_no_error(command: str, built: Path) -> None:
    script = f'"{sys.executable}" -m hanse -C "{built}" {command} | true; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "141\n"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_a_message(built: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*HANSE, "-C", str(built), "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr == "error[HNS-X002] No space left on device\n"


def test_a_stream_that_knows_no_unicode_gets_escapes(built: Path) -> None:
    done = process("-C", str(built), "check", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.startswith("\\u2713 1 product")


@pytest.mark.slow
def test_ctrl_c_during_a_run_leaves_the_old_release(folder: MeshFolder) -> None:
    slow = "SELECT sum(hash(a.n)::DOUBLE) + (SELECT max(v) FROM small) AS v FROM range(30000000) a(n), range(20000)"
    folder.product("a.b", {"t": {"v": "number"}}, transforms={"t": "SELECT v FROM small"}, data={"small.csv": "v\n1\n"})
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
        assert mesh.run()["succeeded"] == 1
    folder.write("domains/a/b/transforms/t.sql", slow)
    with hanse.open_mesh(folder.root) as mesh:
        mesh.apply()
    with subprocess.Popen(
        [*HANSE, "-C", str(folder.root), "run"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        with hanse.open_mesh(folder.root) as mesh:
            deadline = time.monotonic() + 30
            while mesh.runs(limit=1)["runs"][0]["status"] != "running" and time.monotonic() < deadline:
                time.sleep(0.05)
        time.sleep(0.5)
        stopped = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    # The statement would have gone on for hours.
    assert time.monotonic() - stopped < 20
    assert "stopped" in out
    assert "Traceback" not in out
    with hanse.open_mesh(folder.root) as mesh:
        last = mesh.run_details("last")
        assert last["status"] == "failed"
        assert last["error"]["what"] == "the run was interrupted"
        with mesh.query("SELECT v FROM a.b.t") as result:
            assert result.to_arrow().to_pylist() == [{"v": 1.0}]
        assert mesh.releases("a.b")["releases"][0]["sequence"] == 1


def completed(words: str, folder: Path, tmp_path: Path) -> list[str]:
    """Ask bash what it would offer at the end of a command line."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "hanse"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hanse "$@"\n')
    command.chmod(0o755)
    array = " ".join(f"'{w}'" for w in words.split(" "))
    script = f"""
        cd '{folder}'
        eval "$(hanse completion bash)"
        COMP_WORDS=({array})
        COMP_CWORD={len(words.split(" ")) - 1}
        $(complete -p hanse | sed 's/.*-F \\([^ ]*\\) .*/\\1/') hanse
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"},
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("hanse ru", ["run", "runs"]),
        ("hanse show sal", ["sales.orders"]),
        ("hanse run ", ["sales.orders"]),
        ("hanse runs --product sal", ["sales.orders"]),
        ("hanse query --format nd", ["ndjson"]),
    ],
)
def test_bash_completes(words: str, offered: list[str], built: Path, tmp_path: Path) -> None:
    assert completed(words, built, tmp_path) == offered


def test_bash_offers_no_products_outside_a_mesh(tmp_path: Path) -> None:
    assert completed("hanse show ", tmp_path, tmp_path) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell: str) -> None:
    done = process("completion", shell)
    assert done.returncode == 0
    assert f"_HANSE_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(("given", "kept"), [(None, "1"), ("3", "3")])
def test_no_threads_are_started_for_linear_algebra(given: str | None, kept: str) -> None:
    code = "import os, atexit; atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS'])); "
    code += "from hanse.cli.main import main; main(['--version'])"
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    environment |= {"OPENBLAS_NUM_THREADS": given} if given else {}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == kept
