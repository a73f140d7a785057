"""Files as profiles, which contracts are drafted from."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.app.remote_draft import file_name
from hanse.base import EngineError, IngestError
from hanse.base.names import MAX_NAME, suggest_name
from hanse.blueprints.sql_names import RESERVED
from hanse.spec.urls import is_remote

if TYPE_CHECKING:
    from hanse.interfaces import Session
    from hanse.spec import FileInput

Document = dict[str, Any]
# The engine seam's code for a text that is not in the encoding it was read with.
_WRONG_ENCODING = "HNS-E014"
_TYPED = frozenset({"parquet", "avro"})
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def table_name(stem: str) -> str:
    """Return a legal name that needs no quotes in SQL, either."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(c))
    name = suggest_name(letters)[:MAX_NAME].rstrip("_")
    return f"{name}_table" if name in RESERVED else name


def relation_of(table: str) -> str:
    """Return the name under which the file of a table is bound once it was looked at."""
    return f"__d_{table}"


def look_at(session: Session, source: FileInput, scratch: str, *, shapes: bool = False, cast: bool = True) -> Document:
    """Describe a file as :func:`hanse.quality.drafts.profile.profile` does; text that is no UTF-8 as what it likely is.

    Args:
        session: may read the file, and write to ``scratch``.
        source: the file.
        scratch: a folder.
        shapes: look at how texts are written, too.
        cast: texts of files that have types may become other types, as a run casts them.

    Returns:
        The profile, with ``encoding`` and ``header_looks_like_data``.

    Raises:
        IngestError: it cannot be read.
    """
    try:
        return _look(session, source, scratch, shapes, cast)
    except EngineError as error:
        if error.code.id != _WRONG_ENCODING:
            raise _unreadable(source, error) from error
    try:
        return _look(session, replace(source, encoding=_likely_encoding(source.path)), scratch, shapes, cast)
    except EngineError as error:
        raise _unreadable(source, error) from error


def _look(session: Session, source: FileInput, scratch: str, shapes: bool, cast: bool) -> Document:
    from hanse.ingest import relation
    from hanse.quality.drafts.profile import profile

    bound = relation_of(source.name)
    session.bind(bound, relation(source, source.path, text=True, scratch=scratch))
    as_typed = not cast and source.format in _TYPED
    shown = _shown_name(source)
    found = profile(session, bound, name=source.name, file=shown, scratch=scratch, shapes=shapes, as_typed=as_typed)
    doubtful = source.format == "csv" and source.header is None and _looks_like_data(found["columns"])
    return {**found, "encoding": source.encoding, "header_looks_like_data": doubtful}


def _shown_name(source: FileInput) -> str:
    written = source.written or source.path
    return file_name(written) if is_remote(written) else os.path.basename(source.path)


def _looks_like_data(columns: Sequence[Document]) -> bool:
    """Say whether a header holds what its columns hold: numbers or dates. Years name columns often enough."""
    return any(
        (c["type"] in ("BIGINT", "DOUBLE") and _NUMBER.fullmatch(c["name"]) and not _YEAR.fullmatch(c["name"]))
        or (c["type"].startswith(("DATE", "TIMESTAMP")) and _DAY.match(c["name"]))
        for c in columns
    )


def _likely_encoding(path: str) -> str:
    with Path(path).open("rb") as file:
        return "utf-16" if file.read(2) in _MARKS_OF_UTF16 else "latin-1"


def _unreadable(source: FileInput, error: EngineError) -> IngestError:
    from hanse.ingest.codes import FILE_UNREADABLE

    why = error.problem.why or error.problem.what
    return IngestError(
        FILE_UNREADABLE,
        f"`{source.written}` cannot be read as {source.format}",
        why=why.replace(source.path, source.written or source.path),
        fix=error.problem.fix or "look at the line named",
    )
