"""Parsed products as JSON, one file each, so that what did not change needs neither a YAML reader nor pydantic."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from hanse.base import Location, ProductName, Severity, digest
from hanse.spec import contract, product, retention, text_style, types, windows
from hanse.spec.cache import read_sealed, write_sealed
from hanse.spec.folder import ProductFolder, content_digest, full_digest, has_python, python_environment

if TYPE_CHECKING:
    from hanse.spec.assemble import Assembly
    from hanse.spec.product import Product

_ENUMS = (Severity, types.Scalar)
_RECORDS = (
    Location,
    ProductName,
    *(contract.Condition, contract.Rule, contract.Limits, contract.Column, contract.Table, contract.ServiceLevel),
    contract.Relationship,
    *(contract.Context, contract.VerifiedStatement, contract.Constraint),
    *(contract.Contract, product.OutputPort, product.InputPort, product.FileInput, product.DatabaseInput),
    *(product.TableSettings, product.Pipeline, product.Transform, product.SavedQuery, product.TeamMember),
    *(product.Product, retention.Retention, text_style.TextStyle),
    *(types.Decimal, types.Field, types.Struct, types.List, types.Map, windows.Span, windows.Window),
)
_TYPES: Mapping[str, Any] = {kind.__name__: kind for kind in (*_RECORDS, *_ENUMS, datetime, date)}
_PLAIN = (type(None), bool, int, float, str)


class AssembledProducts:
    """Parsed products by their files; like the :class:`~hanse.spec.cache.ContentCache` only a shortcut.

    A product whose files refer to variables is not kept: their values may be secrets.

    Args:
        path: the folder; it is made when the first product is kept.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._changed = False

    def get(self, name: ProductName, folder: ProductFolder) -> Product | None:
        """Return the product that these files were read as before, None if that is not known."""
        kept = None if folder.unreadable else read_sealed(self._file(name))
        try:
            if kept and kept["key"] == _key(name, folder, from_data=kept["from_data"]):
                found = as_value(kept["product"])
                return found if isinstance(found, product.Product) else None
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # it was written by something else
        return None

    def put(self, name: ProductName, folder: ProductFolder, assembly: Assembly) -> None:
        """Keep a product, if it may be kept."""
        if assembly.product is None or assembly.variables or folder.unreadable:
            return
        try:
            written = as_document(assembly.product)
        except TypeError:
            return  # a value that YAML knows and JSON does not
        key = _key(name, folder, from_data=assembly.from_data)
        write_sealed(self._file(name), {"key": key, "from_data": assembly.from_data, "product": written})
        self._changed = True

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all other products, if any was kept since this was opened."""
        if not self._changed:
            return
        wanted = {f"{name}.json" for name in names}
        # Nothing depends on a file that stays.
        with contextlib.suppress(OSError):
            for file in set(os.listdir(self._path)) - wanted:
                os.unlink(f"{self._path}/{file}")

    def _file(self, name: ProductName) -> str:
        return f"{self._path}/{name}.json"


def as_document(value: Any) -> Any:
    """Return a descriptor's value as JSON: a list for a tuple, ``{type: content}`` for whatever else has no JSON form.

    Raises:
        TypeError: it holds a value that descriptors do not have.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return [as_document(v) for v in value]
    if kind is list:
        return {"list": [as_document(v) for v in value]}
    if kind is dict:
        return {"dict": [[as_document(k), as_document(v)] for k, v in value.items()]}
    if _TYPES.get(kind.__name__) is not kind:
        raise TypeError(f"{kind.__name__} is no value of a descriptor")
    if isinstance(value, Enum):
        return {kind.__name__: value.value}
    if isinstance(value, date):
        return {kind.__name__: value.isoformat()}
    content = {}
    for name, usual in _defaults(kind):
        found = getattr(value, name)
        if type(found) is not type(usual) or found != usual:
            content[name] = as_document(found)
    return {kind.__name__: content}


def as_value(document: Any) -> Any:
    """Return the value that a document was made of.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: :func:`as_document` did not make it.
    """
    if isinstance(document, list):
        return tuple([as_value(d) for d in document])
    if not isinstance(document, dict):
        return document
    ((name, content),) = document.items()
    if name == "list":
        return [as_value(d) for d in content]
    if name == "dict":
        return {as_value(k): as_value(v) for k, v in content}
    kind = _TYPES[name]
    if kind in (datetime, date):
        return kind.fromisoformat(content)
    if kind in _ENUMS:
        return kind(content)
    return kind(**{key: as_value(v) for key, v in content.items()})


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a record, each with its default, ``MISSING`` for one without."""
    return tuple((f.name, f.default if f.default_factory is MISSING else f.default_factory()) for f in fields(kind))


def _key(name: ProductName, folder: ProductFolder, *, from_data: bool) -> str:
    content = full_digest(content_digest(folder.files.items()), (), {})
    known = python_environment() if has_python(folder.files) else None
    data = folder.data if from_data else None
    return digest([_shape(), str(name), folder.path, folder.relative, content, known, data])


@cache
def _shape() -> str:
    """Return a digest of the records' fields and defaults: a release that has others reads all products anew."""
    records = [(kind, _defaults(kind)) for kind in _RECORDS]
    return digest([[k.__name__, [[n, None if d is MISSING else repr(d)] for n, d in found]] for k, found in records])


__all__ = ["AssembledProducts", "as_document", "as_value"]
