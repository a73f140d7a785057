"""Runs the examples of a guide page, in order, in one folder, and compares what they print.

Every fenced block of a page is one of these; anything else is an error, so that no example goes unproved:

- ``console``: lines ``$ command`` (continued by a backslash), each followed by exactly what it prints. ``…`` within a
  line stands for anything, a line of its own for any number of lines. ``[exit 3]`` as the last line is the exit code
  expected; without it, 0. The working directory stays as a command leaves it.
- any language with ``file=path``: the file is written, with its folders.
- ``python``: a program of its own. What it prints is in the ``text output`` block right after it; without one it
  prints nothing.
- ``sql server=name``: run by the superuser of a PostgreSQL server that the page gets, in a database of this name.
  Commands after it find ``NAME_HOST``, ``NAME_PORT`` and ``NAME_PASSWORD``, the password of the user ``hanse``.
- ``text`` and any language with ``shown``: an illustration, not run.

Usage: ``python docs/guide_pages.py PAGE…`` runs pages in temporary folders.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Self

from hanse.testing.postgres import PostgresServer

_FENCE = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
_EXIT = re.compile(r"\[exit (\d+)\]")
_TIMEOUT_S = 600


class WrongPageError(AssertionError):
    """An example does not do what its page says, or cannot be understood."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        words: the info string's words: language, then attributes.
        text: content, each line ended.
        line: line of the page on which the content starts, from 1.
    """

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def language(self) -> str:
        """First word, or nothing."""
        return self.words[0] if self.words else ""

    @property
    def file(self) -> str | None:
        """Path after ``file=``, if there is one."""
        return self._given("file")

    @property
    def server(self) -> str | None:
        """Database after ``server=``, if there is one."""
        return self._given("server")

    def _given(self, key: str) -> str | None:
        return next((w.removeprefix(f"{key}=") for w in self.words[1:] if w.startswith(f"{key}=")), None)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, and what it shall print."""

    text: str
    expected: str
    exit_code: int
    line: int


def blocks(page: str) -> tuple[Block, ...]:
    """Return a page's fenced blocks.

    Raises:
        WrongPageError: a fence is indented or never closed.
    """
    found = []
    lines = enumerate(page.splitlines(), start=1)
    for number, line in lines:
        opening = _FENCE.fullmatch(line)
        if opening is None:
            continue
        if opening["indent"]:
            raise WrongPageError(f"line {number}: an indented block is not run; move it to the margin")
        content = []
        for _, inner in lines:
            if inner.rstrip() == opening["fence"]:
                break
            content.append(inner + "\n")
        else:
            raise WrongPageError(f"line {number}: the block is never closed")
        found.append(Block(tuple(opening["info"].split()), "".join(content), number + 1))
    return tuple(found)


def commands(block: Block) -> tuple[Command, ...]:
    """Return the commands of a console block.

    Raises:
        WrongPageError: the block does not start with a command.
    """
    found: list[tuple[int, str, list[str]]] = []
    continued = False
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if continued:
            start, text, _ = found.pop()
            found.append((start, f"{text}\n{line}", []))
        elif line.startswith("$ "):
            found.append((number, line[2:], []))
        elif found:
            found[-1][2].append(line.rstrip())
        else:
            raise WrongPageError(f"line {number}: a console block starts with `$ command`")
        continued = line.endswith("\\") and (continued or line.startswith("$ "))
    return tuple(_command(*parts) for parts in found)


def _command(line: int, text: str, output: list[str]) -> Command:
    while output and not output[-1]:
        output.pop()
    exit_code = _EXIT.fullmatch(output[-1]) if output else None
    if exit_code:
        output.pop()
    return Command(text, "".join(f"{o}\n" for o in output), int(exit_code[1]) if exit_code else 0, line)


def matches(expected: str, actual: str) -> bool:
    """Compare output, where ``…`` stands for anything within a line, and alone on a line for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else r"[^\n]*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, _plain(actual)) is not None


def _plain(output: str) -> str:
    lines = [line.rstrip() for line in output.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def run(page: Path, folder: Path) -> None:
    """Run a page's examples in an empty folder.

    Raises:
        WrongPageError: an example does something else than the page says.
    """
    try:
        found = blocks(page.read_text(encoding="utf-8"))
        where = folder
        with _Server() as server:
            for block, following in zip(found, (*found[1:], None), strict=True):
                where = _run_block(block, following, folder, where, server)
    except WrongPageError as error:
        raise WrongPageError(f"{page.name}, {error}") from None


class _Server:
    """A PostgreSQL server for a page, started when the page first asks for it."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: PostgresServer | None = None
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def execute(self, sql: str, database: str) -> None:
        if self._server is None:
            self._server = self._stack.enter_context(PostgresServer())
            self._server.execute(f"CREATE ROLE hanse LOGIN PASSWORD '{self._server.password}'")
        if f"{database.upper()}_HOST" not in self.environ:
            self._server.execute(f"CREATE DATABASE {database}")
            told = {"HOST": self._server.host, "PORT": str(self._server.port), "PASSWORD": self._server.password}
            self.environ |= {f"{database.upper()}_{name}": value for name, value in told.items()}
        self._server.execute(sql, database)


def _run_block(block: Block, following: Block | None, root: Path, where: Path, server: _Server) -> Path:
    if block.server is not None:
        try:
            server.execute(block.text, block.server)
        except RuntimeError as error:
            raise WrongPageError(f"line {block.line}: {error}") from None
    elif block.file is not None:
        _write(block, root)
    elif block.language == "console":
        for command in commands(block):
            where = _run_command(command, where, server.environ)
    elif block.language == "python":
        _run_program(block, following, where, server.environ)
    elif block.language != "text" and "shown" not in block.words:
        raise WrongPageError(f"line {block.line}: give the block a `file=`, or mark it as `shown`")
    return where


def _write(block: Block, root: Path) -> None:
    target = (root / str(block.file)).resolve()
    if not target.is_relative_to(root.resolve()):
        raise WrongPageError(f"line {block.line}: `{block.file}` leaves the page's folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.text, encoding="utf-8")


def _environment() -> dict[str, str]:
    beside_python = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside_python, os.environ.get("PATH", "")])
    return os.environ | {"PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}


def _run_command(command: Command, where: Path, environ: Mapping[str, str]) -> Path:
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8") as left_in:
        script = f'{command.text}\nleft_with=$?\npwd >"$LEFT_IN"\nexit $left_with\n'
        done = subprocess.run(  # noqa: S603 - the pages are ours
            ["/bin/sh", "-c", script],
            cwd=where,
            env=_environment() | {**environ, "LEFT_IN": left_in.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=_TIMEOUT_S,
            check=False,
        )
        _compare(command, done.stdout, done.returncode)
        return Path(left_in.read().strip() or where)


def _run_program(block: Block, following: Block | None, where: Path, environ: Mapping[str, str]) -> None:
    shown = following is not None and following.words == ("text", "output")
    expected = following.text if shown and following else ""
    done = subprocess.run(  # noqa: S603 - the pages are ours
        [sys.executable, "-c", block.text],
        cwd=where,
        env=_environment() | dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
        check=False,
    )
    _compare(Command("python", expected, 0, block.line), done.stdout, done.returncode)


def _compare(command: Command, actual: str, exit_code: int) -> None:
    if exit_code != command.exit_code:
        raise WrongPageError(
            f"line {command.line}: `{command.text}` ended with {exit_code} instead of {command.exit_code}:\n{actual}"
        )
    if not matches(command.expected, actual):
        raise WrongPageError(
            f"line {command.line}: `{command.text}` prints something else:\n{_difference(command, actual)}"
        )


def _difference(command: Command, actual: str) -> str:
    lines: Iterator[str] = unified_diff(
        command.expected.splitlines(), _plain(actual).splitlines(), "the page", "printed", lineterm="", n=99
    )
    return "\n".join(lines)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as temporary:
            run(Path(argument), Path(temporary).resolve())
        print(f"{argument}: ok")
