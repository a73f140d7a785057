"""DuckDB's exceptions as :class:`~hanse.base.EngineError`.

``what`` never holds a value of the data, so that a consumer may see it; ``why`` holds the engine's own words,
which may.
"""

from __future__ import annotations

import re

from hanse.base import Code, EngineError, Location
from hanse.drivers.duckdb import codes

# The engine quotes the statement it was given; ours are generated, so the excerpt would only confuse.
_EXCERPT = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_ADVICE = re.compile(
    r"\n+(?:Possible [Ss]olutions?|Possible fixes|See also|  file = |Use \"SET |This type was|The search space used).*",
    re.DOTALL,
)
_PREFIX = re.compile(r"(?:TransactionContext Error: )?([A-Za-z -]+?)(?: Error)?: ")
_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_FILE = re.compile(r"^  file = (.*)$", re.MULTILINE)
_CSV_COLUMN = re.compile(r'Error when converting column "(.*)"\. Could not convert string ".*" to \'(.*)\'')
_JSON_LINE = re.compile(r"Malformed JSON .* in line (\d+): ([^.\n]*)")
_EXPECTED = re.compile(r"Expected Number of Columns: \d+ Found: \d+")

_KINDS: dict[str, Code] = {
    "parser": codes.SYNTAX,
    "syntax": codes.SYNTAX,
    "binder": codes.UNKNOWN_NAME,
    "catalog": codes.UNKNOWN_NAME,
    "parameter not resolved": codes.UNKNOWN_NAME,
    "parameter not allowed": codes.UNKNOWN_NAME,
    "conversion": codes.CONVERSION,
    "mismatch type": codes.CONVERSION,
    "invalid type": codes.CONVERSION,
    "out of range": codes.OUT_OF_RANGE,
    "decimal": codes.OUT_OF_RANGE,
    "divide by zero": codes.OUT_OF_RANGE,
    "permission": codes.OUTSIDE,
    "http": codes.OUTSIDE,
    "missing extension": codes.OUTSIDE,
    "out of memory": codes.OUT_OF_MEMORY,
    "interrupt": codes.INTERRUPTED,
    "io": codes.FILE_DAMAGED,
    "invalid input": codes.BAD_ARGUMENT,
    "constraint": codes.CONSTRAINT,
    "not implemented": codes.NOT_SUPPORTED,
    "connection": codes.SESSION_CLOSED,
}
# The class says it all; words of such a message may come from the statement itself.
_PLAIN_KINDS = frozenset({"parser", "syntax", "binder", "catalog", "interrupt"})
_CLASSES: dict[str, str] = {
    "BinderException": "binder",
    "CatalogException": "catalog",
    "ConnectionException": "connection",
    "ConstraintException": "constraint",
    "ConversionException": "conversion",
    "HTTPException": "http",
    "IOException": "io",
    "InterruptException": "interrupt",
    "InvalidInputException": "invalid input",
    "InvalidTypeException": "invalid type",
    "NotImplementedException": "not implemented",
    "OutOfMemoryException": "out of memory",
    "OutOfRangeException": "out of range",
    "ParserException": "parser",
    "PermissionException": "permission",
    "SyntaxException": "syntax",
    "TypeMismatchException": "mismatch type",
}
# More precise than the class: the engine raises one class for many things. First match wins.
_WORDS: tuple[tuple[str, Code], ...] = (
    (r"No space left on device|Disk quota exceeded|max_temp_directory_size|offload data block", codes.DISK_FULL),
    (r"Could not write file|Cannot open file [^\n]*\.partial", codes.WRITE_FAILED),
    (r"Could not allocate|Allocation failure|std::bad_alloc", codes.OUT_OF_MEMORY),
    (r"operations are disabled|disabled (?:through|by) configuration|configuration has been locked", codes.OUTSIDE),
    (r"Invalid unicode|not utf-8 encoded|not support the encoding|is not encoded", codes.ENCODING),
    (r"Could not convert string .* to '", codes.CONVERSION),
    (r"CSV Error on Line|Error when sniffing file", codes.MALFORMED_ROW),
    (r"Malformed JSON|non-record JSON|top-level JSON array|has duplicate key", codes.MALFORMED_ROW),
    (r"No files found|No such file|Cannot open file|Permission denied|Is a directory", codes.FILE_MISSING),
    (
        r"too small to be a Parquet|No magic bytes|Failed to read Parquet|footer|don't know what type",
        codes.FILE_DAMAGED,
    ),
    (r"not a GZIP|ZSTD|Snappy|TProtocol|Thrift|corrupt|Unexpected end of", codes.FILE_DAMAGED),
)
# Their text names tables, columns, functions, files and settings, never values of the data.
_VALUE_FREE = frozenset(
    c.id for c in (codes.SYNTAX, codes.UNKNOWN_NAME, codes.OUTSIDE, codes.OUT_OF_MEMORY, codes.DISK_FULL)
) | {c.id for c in (codes.FILE_MISSING, codes.FILE_DAMAGED, codes.NOT_SUPPORTED)}


def useful_text(error: BaseException) -> str:
    """Return an error's text without the excerpt of generated SQL, the list of engine settings and the class prefix."""
    plain = _ADVICE.sub("", _EXCERPT.sub("", str(error)))
    return _PREFIX.sub("", plain, count=1).strip() if _PREFIX.match(plain) else plain.strip()


def classify(error: BaseException) -> Code:
    """Return the code of one of DuckDB's exceptions, or of an Arrow error that carries one's text."""
    message = str(error)
    kind = _CLASSES.get(type(error).__name__)
    if kind is None:
        prefix = _PREFIX.match(message)
        kind = prefix.group(1).lower() if prefix else ""
    if kind not in _PLAIN_KINDS:
        for words, code in _WORDS:
            if re.search(words, message, re.IGNORECASE):
                return code
    return _KINDS.get(kind, codes.ENGINE_FAULT)


def translate(error: BaseException, *, path: str | None = None, code: Code | None = None) -> EngineError:
    """Return the error to raise instead of one of DuckDB's.

    Args:
        error: what DuckDB, or an Arrow reader over one of its results, raised.
        path: file being read or written, for the place in the message.
        code: a code that is known better than from the error itself (interrupted, timed out).
    """
    code = code or classify(error)
    raw = useful_text(error)
    file = _CSV_FILE.search(str(error))
    path = path or (file.group(1) if file else None)
    csv_line = _CSV_LINE.search(raw)
    if csv_line:
        return _csv_error(code, raw, int(csv_line.group(1)), path)
    malformed = _JSON_LINE.search(raw)
    if malformed:
        line = max(int(malformed.group(1)) - 1, 1)  # the engine names the line after
        where = Location(path, line) if path else None
        return EngineError(code, f"line {line}: no JSON ({malformed.group(2)})", where=where)
    where = Location(path) if path else None
    if code.id in _VALUE_FREE and raw:
        first, _, rest = raw.partition("\n")
        why = " ".join(rest.split()) or None
        return EngineError(code, first.rstrip("!."), where=where, why=why)
    why = None if code in {codes.INTERRUPTED, codes.TIMED_OUT, codes.SESSION_CLOSED} else raw or None
    return EngineError(code, _SENTENCES.get(code.id, code.title), where=where, why=why)


_SENTENCES: dict[str, str] = {
    codes.MALFORMED_ROW.id: "the file does not hold what its format says",
    codes.CONVERSION.id: "a value cannot be converted to the type asked for",
    codes.OUT_OF_RANGE.id: "the result of a calculation does not fit its type",
    codes.BAD_ARGUMENT.id: "a function refused its argument",
    codes.INTERRUPTED.id: "the statement was interrupted",
    codes.TIMED_OUT.id: "the statement took longer than its session allows",
    codes.SESSION_CLOSED.id: "the session is closed",
    codes.ENGINE_FAULT.id: "the engine failed",
}


def _csv_error(code: Code, raw: str, line: int, path: str | None) -> EngineError:
    column = _CSV_COLUMN.search(raw)
    expected = _EXPECTED.search(raw)
    if column:
        what = f"line {line}: a value of column `{column.group(1)}` cannot be converted to {column.group(2)}"
    elif code is codes.ENCODING:
        what = f"line {line} is not in the encoding that the file was read with"
    elif expected:
        wanted, found = re.findall(r"\d+", expected.group())
        what = f"line {line} has {found} values where the header has {wanted}"
    else:
        what = f"line {line} does not follow the file's dialect"
    return EngineError(code, what, where=Location(path, line) if path else None, why=raw)
