"""Files as they were at a revision of a git repository, read by ``git`` itself and without a shell."""

from __future__ import annotations

import os
import subprocess

from hanse.app.codes import NO_REVISION
from hanse.base import HanseError

_SECONDS = 60
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
# A git hook sets these for its own repository, relative to another folder; the file's folder tells which is meant.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def at_revision(revision: str, path: str) -> bytes | None:
    """Return a file's content at a revision, None if it was not there.

    Args:
        revision: a commit, branch or tag, as git knows it.
        path: the file, as in the working tree: absolute or from the working directory.

    Raises:
        HanseError: HNS-A009: there is no git, no repository, or no such revision.
    """
    folder, name = os.path.split(os.path.abspath(path))
    while not os.path.isdir(folder):  # it may have been moved since, with its folder
        folder, last = os.path.split(folder)
        name = f"{last}/{name}"
    if revision.startswith("-") or not revision.strip() or ":" in revision:
        raise _refused(f"`{revision}` is no revision")
    if _git(folder, "rev-parse", "--git-dir").returncode:
        raise _refused(f"`{folder}` is in no git repository")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit.returncode:
        if not _git(folder, "rev-list", "--max-count=1", "--all").stdout:
            return None  # nothing was ever committed
        raise _refused(f"the repository has no revision `{revision}`")
    found = _git(folder, "cat-file", "blob", f"{commit.stdout.decode().strip()}:./{name}")
    return None if found.returncode else found.stdout


def _git(folder: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environ = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell; what a user wrote cannot be an option, see above
            ["git", "-C", folder, *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=environ | _QUIET,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise _refused("there is no `git` on this machine") from None
    except subprocess.TimeoutExpired:
        raise _refused(f"`git` did not answer within {_SECONDS} seconds") from None


def _refused(what: str) -> HanseError:
    return HanseError(NO_REVISION, what, fix="name two files, or a revision of the repository that the file is in")
