"""What is wrong with an input's address and headers, as far as ``pipeline.yaml`` tells."""

from __future__ import annotations

import re

from hanse.base import Location, Problem
from hanse.spec import codes
from hanse.spec.allowed import fault_problem, parsed
from hanse.spec.document import Document, Map
from hanse.spec.globs import is_glob
from hanse.spec.product import FileInput
from hanse.spec.urls import is_remote

# Whoever reads the file may read these; everything else may be a key to something.
_OPEN_HEADERS = frozenset(("accept", "accept-language", "user-agent"))
# What the request is made of is ours.
_OUR_HEADERS = frozenset(
    (
        "accept-encoding", "connection", "content-length", "host", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "proxy-authorization", "range", "te", "trailer", "transfer-encoding",
        "upgrade",
    )
)  # fmt: skip
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def address_problems(document: Document, entry: Map, file: FileInput, where: Location) -> list[Problem]:
    """Return what is wrong with an input's address and headers wherever the mesh is.

    Args:
        document: ``pipeline.yaml``.
        entry: the input in it.
        file: the input, its headers left out.
        where: the place of its path.
    """
    asked = entry.get("headers")
    headers = asked if isinstance(asked, Map) else Map()
    if not is_remote(file.path):
        url, found = None, []
    else:
        url, fault = parsed(file.path)
        found = [fault_problem(file.name, file.path, fault, where)] if fault else []
    if url is not None and url.is_http and is_glob(file.path):
        fix = "name the file; a pattern needs a protocol that can list, such as `s3://`"
        found.append(Problem(codes.BAD_ADDRESS, f"the address of input `{file.name}` is a pattern", where, fix=fix))
    if headers and not (url and url.is_http) and not found:
        place = document.at(entry, "headers")
        what = f"`headers` of input `{file.name}` belong to HTTP addresses only"
        found.append(Problem(codes.BAD_VALUE, what, place, fix="remove `headers`"))
    for name, value in headers.items():
        found += _header(file.name, str(name), str(value), document.at_key(headers, name))
    return found


def _header(source: str, name: str, value: str, where: Location) -> list[Problem]:
    if not _HEADER.fullmatch(name) or name.lower() in _OUR_HEADERS:
        what = f"header `{name}` of input `{source}` cannot be set"
        return [Problem(codes.BAD_VALUE, what, where, fix="remove it")]
    if name.lower() not in _OPEN_HEADERS and not re.search(r"(?<!\$)\$\{[A-Za-z_]", value):
        what = f"header `{name}` of input `{source}` has its value written out"
        fix = f"write `{name}: ${{NAME}}`, and set the variable `NAME` where Hanse runs"
        return [Problem(codes.CREDENTIALS_IN_ADDRESS, what, where, fix=fix)]
    return []
