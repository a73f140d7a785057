"""Python transforms as they are read before anything runs: from their syntax, never by importing them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from hanse.base import Code, Location, TransformError
from hanse.base.suggest import did_you_mean
from hanse.pipelines.codes import PYTHON_SIGNATURE, PYTHON_SYNTAX, PYTHON_WITHOUT_FUNCTION
from hanse.pipelines.transforms.windows import PARAMETERS
from hanse.spec import Transform
from hanse.sql import RelationRef

Kind = Literal["arrow", "duckdb", "ibis"]

TYPES: Mapping[str, Kind] = {
    "pyarrow.Table": "arrow",
    "pyarrow.lib.Table": "arrow",
    "duckdb.DuckDBPyRelation": "duckdb",
    "ibis.Table": "ibis",
    "ibis.expr.types.Table": "ibis",
}
"""What an input may be annotated with, by its full name."""

_ANNOTATED = ("typing.Annotated", "typing_extensions.Annotated")
_WAYS = "annotate it with `pyarrow.Table`, `duckdb.DuckDBPyRelation` or `ibis.Table`"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of a Python transform.

    Attributes:
        name: the function's name for it.
        relation: what it means, as SQL would name it, and where that stands.
        kind: how it is handed over.
    """

    name: str
    relation: RelationRef
    kind: Kind


WINDOW_TYPES: Mapping[str, str] = {"datetime.date": "date", "datetime.datetime": "datetime", "int": "int"}
"""What the boundaries of a window may be annotated with, by their full names."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A parameter of a Python transform that is a boundary of the range to be built.

    Attributes:
        name: the function's name for it.
        kind: ``date``, ``datetime`` or ``int``.
        where: where it stands.
    """

    name: str
    kind: str
    where: Location


@dataclass(frozen=True, slots=True)
class Program:
    """What is known of a Python transform without running it.

    Attributes:
        function: the function to call.
        line: where it is defined.
        parameters: its inputs.
        is_volatile: its result changes by itself.
        edges: its parameters that are boundaries of a window.
    """

    function: str
    line: int
    parameters: tuple[Parameter, ...]
    is_volatile: bool
    edges: tuple[Edge, ...] = ()

    @property
    def relations(self) -> tuple[RelationRef, ...]:
        """What it reads, as a statement tells it."""
        return tuple(p.relation for p in self.parameters)


def read_program(transform: Transform) -> Program:
    """Read a Python transform.

    Raises:
        TransformError: HNS-L050 not Python, HNS-L051 no function of the right name, HNS-L052 inputs that cannot be
            told.
    """
    return _Reading(transform).read()


class _Reading:
    def __init__(self, transform: Transform) -> None:
        self._transform = transform
        self._lines = re.split(r"\r\n?|\n", transform.text)
        self._names: dict[str, str] = {}

    def read(self) -> Program:
        tree = self._parse()
        self._names = dict(_imported(tree.body))
        function = self._function(tree)
        arguments = self._arguments(function)
        parameters = tuple(self._parameter(a) for a in arguments if a.arg not in PARAMETERS)
        edges = tuple(self._edge(a) for a in arguments if a.arg in PARAMETERS)
        return Program(function.name, function.lineno, parameters, _is_volatile(tree), edges)

    def _parse(self) -> ast.Module:
        try:
            with warnings.catch_warnings():
                # An odd escape in a text is the author's to mend, and nothing to stop for.
                warnings.simplefilter("ignore")
                tree = ast.parse(self._transform.text)
                # What only the compiler sees, such as a `return` outside of a function.
                compile(tree, self._transform.path, "exec", dont_inherit=True)
                return tree
        except SyntaxError as error:
            where = Location(self._transform.path, error.lineno or 1, error.offset or 1)
            raise self._fault(PYTHON_SYNTAX, f"{self._transform.path} is not Python: {error.msg}", where) from error
        except (ValueError, RecursionError, MemoryError) as error:
            reason = str(error) or "it is nested too deeply"
            where = Location(self._transform.path)
            raise self._fault(PYTHON_SYNTAX, f"{self._transform.path} is not Python: {reason}", where) from error

    def _function(self, tree: ast.Module) -> ast.FunctionDef:
        wanted = ("transform", self._transform.name)
        functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        found = next((functions[name] for name in wanted if name in functions), None)
        if found is None:
            raise self._fault(
                PYTHON_WITHOUT_FUNCTION,
                f"{self._transform.path} has no function `transform`",
                Location(self._transform.path, 1, 1),
                fix=did_you_mean("transform", functions)
                or f"write `def transform(…):` (or `def {self._transform.name}(…):`), with a parameter for each input",
            )
        if isinstance(found, ast.AsyncFunctionDef):
            what = f"the function `{found.name}` is asynchronous"
            raise self._fault(PYTHON_WITHOUT_FUNCTION, what, self._place(found), fix="write it without `async`")
        return found

    def _arguments(self, function: ast.FunctionDef) -> list[ast.arg]:
        given = function.args
        for odd, what in (
            *((a, f"`{a.arg}` can only be given by its position") for a in given.posonlyargs),
            *((a, f"`*{a.arg}` names no input") for a in (given.vararg, given.kwarg) if a),
            *((d, "a default value means nothing for an input") for d in (*given.defaults, *given.kw_defaults) if d),
        ):
            what = f"a parameter of `{function.name}` is not an input: {what}"
            fix = (
                'write one plain parameter for each input, such as `orders: Annotated[pa.Table, "sales.orders.orders"]`'
            )
            raise self._fault(PYTHON_SIGNATURE, what, self._place(odd), fix=fix)
        return [*given.args, *given.kwonlyargs]

    def _parameter(self, argument: ast.arg) -> Parameter:
        if argument.annotation is None:
            what = f"the parameter `{argument.arg}` has no annotation"
            raise self._fault(PYTHON_SIGNATURE, what, self._place(argument), fix=_WAYS)
        annotation = self._unquoted(argument.annotation)
        place, name = argument, argument.arg
        written: ast.expr = annotation
        if isinstance(annotation, ast.Subscript) and self._full_name(annotation.value) in _ANNOTATED:
            written, name = self._annotated(argument, annotation)
        kind = TYPES.get(self._full_name(self._unquoted(written)) or "")
        if kind is None:
            what = f"the parameter `{argument.arg}` is annotated with `{ast.unparse(written)}`, which is no table"
            raise self._fault(PYTHON_SIGNATURE, what, self._place(argument.annotation), fix=_WAYS)
        where = self._place(place)
        return Parameter(argument.arg, RelationRef(tuple(name.split(".")), where.line, where.column), kind)

    def _edge(self, argument: ast.arg) -> Edge:
        written = self._unquoted(argument.annotation) if argument.annotation else None
        name = "int" if isinstance(written, ast.Name) and written.id == "int" else None
        kind = WINDOW_TYPES.get(name or (self._full_name(written) if written else None) or "")
        if kind is None:
            what = f"the parameter `{argument.arg}` is a boundary of the window, and is not annotated as one"
            fix = "annotate it as the window's column is: `datetime.date`, `datetime.datetime` or `int`"
            raise self._fault(PYTHON_SIGNATURE, what, self._place(argument), fix=fix)
        return Edge(argument.arg, kind, self._place(argument))

    def _annotated(self, argument: ast.arg, annotation: ast.Subscript) -> tuple[ast.expr, str]:
        assert argument.annotation is not None
        match annotation.slice:
            case ast.Tuple(elts=[written, ast.Constant(value=str(name))]) if _is_name(name):
                return written, name
        what = f"the annotation of `{argument.arg}` does not name an input"
        fix = 'write `Annotated[pa.Table, "name"]`, with `"table"`, `"port.table"` or `"domain.product.table"`'
        raise self._fault(PYTHON_SIGNATURE, what, self._place(argument.annotation), fix=fix)

    @staticmethod
    def _unquoted(annotation: ast.expr) -> ast.expr:
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                return ast.parse(annotation.value, mode="eval").body
            except (SyntaxError, ValueError):
                return annotation
        return annotation

    def _full_name(self, node: ast.expr) -> str | None:
        """Return the full name of what an expression names, by the module's imports."""
        match node:
            case ast.Name(id=name):
                return self._names.get(name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self._full_name(value)
                return f"{owner}.{attribute}" if owner else None
        return None

    def _place(self, node: ast.AST) -> Location:
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        # The parser counts bytes.
        before = self._lines[line - 1].encode()[:offset].decode(errors="ignore") if line <= len(self._lines) else ""
        return Location(self._transform.path, line, len(before) + 1)

    def _fault(self, code: Code, what: str, where: Location, fix: str | None = None) -> TransformError:
        return TransformError(code, what, where=where, fix=fix)


def _imported(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the names that a module's imports bind, with what they mean, also under ``if TYPE_CHECKING:``."""
    for node in body:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
            case ast.If(body=inner, orelse=other) | ast.Try(body=inner, orelse=other):
                yield from _imported([*inner, *other])


def _is_volatile(tree: ast.Module) -> bool:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="volatile")], value=ast.Constant(value=True)):
                return True
            case ast.AnnAssign(target=ast.Name(id="volatile"), value=ast.Constant(value=True)):
                return True
    return False


def _is_name(name: str) -> bool:
    parts = name.split(".")
    return len(parts) <= 3 and all(part.strip() == part and part for part in parts)
