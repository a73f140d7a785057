"""What all tests share; and: in continuous integration (``CI=true``) a skipped test is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from hanse.testing.mariadb import MariaDbServer
from hanse.testing.postgres import PostgresServer

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server of its own for every process of tests; each test makes a database of its own."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    """A real MariaDB server of its own for every process of tests; each test makes a database of its own."""
    with MariaDbServer() as server:
        yield server


_Skipped = dict[str, str]
_SKIPPED = pytest.StashKey[_Skipped]()


def _nothing_may_be_skipped() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def _remember(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    # A strict, reasoned xfail says that something is known to fail; it was run, so it is not skipped.
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        config.stash[_SKIPPED][report.nodeid] = reason.removeprefix("Skipped: ")


class _SkipRecorder:
    """Hears of every skip. Workers of pytest-xdist tell the controller about modules skipped while collecting."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _remember(self.config, report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        _remember(self.config, report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.config.stash[_SKIPPED].update(getattr(node, "workeroutput", {}).get("skipped", {}))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPPED] = {}
    config.pluginmanager.register(_SkipRecorder(config))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones: whatever comes last, another process has nothing else to do meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    # Outermost and before the others' half, so that the terminal reporter prints (and exits with) what this decides.
    skipped = session.config.stash[_SKIPPED]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["skipped"] = dict(skipped)
    elif skipped and _nothing_may_be_skipped() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = config.stash[_SKIPPED]
    if skipped and _nothing_may_be_skipped():
        terminalreporter.section("skipped, and in continuous integration nothing may be", red=True)
        for test, reason in sorted(skipped.items()):
            terminalreporter.line(f"{test}: {reason}")
