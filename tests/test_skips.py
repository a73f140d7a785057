"""In continuous integration a skipped test fails the session, with and without workers."""

from pathlib import Path

import pytest

CONFTEST = (
    Path(__file__).with_name("conftest.py").read_text(encoding="utf-8").replace('pytest_plugins = ["pytester"]', "")
)

SKIPPED_TEST = """
import pytest
def test_passes(): pass
@pytest.mark.skip(reason="no server here")
def test_skipped(): pass
"""
SKIPPED_MODULE = """
import pytest
pytest.skip("no such library", allow_module_level=True)
"""
EXPECTED_FAILURE = """
import pytest
def test_passes(): pass
@pytest.mark.xfail(reason="known gap", strict=True)
def test_gap(): assert False
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize(
    ("module", "reason"),
    [(SKIPPED_TEST, "no server here"), (SKIPPED_MODULE, "no such library")],
    ids=["test", "module"],
)
def test_a_skip_fails_in_ci_and_passes_elsewhere(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, module: str, reason: str, workers: tuple[str, ...]
) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_one="def test_one(): pass", test_skips=module)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("CI", "true")
    in_ci = pytester.runpytest_subprocess(*workers)
    assert in_ci.ret == pytest.ExitCode.TESTS_FAILED
    in_ci.stdout.fnmatch_lines([f"test_skips.py*{reason}"])
    monkeypatch.setenv("CI", "")
    assert pytester.runpytest_subprocess(*workers).ret == pytest.ExitCode.OK


def test_an_expected_failure_is_no_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(EXPECTED_FAILURE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("CI", "true")
    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.OK
