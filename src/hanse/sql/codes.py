"""Codes of statements: refused by the guard (letter D), or not understood (HNS-Q0…)."""

from hanse.base import Code

NOT_A_QUERY = Code(
    "HNS-D001",
    "not a query",
    "Only queries are answered: statements that start with SELECT, WITH, FROM, VALUES, PIVOT or UNPIVOT. Anything that "
    "would change data, settings or the engine is refused.",
)
SEVERAL_STATEMENTS = Code(
    "HNS-D002",
    "more than one statement",
    "A text holds exactly one statement, with or without a closing semicolon. Send several statements one by one.",
)
FUNCTION_DENIED = Code(
    "HNS-D003",
    "function not allowed",
    "The function is not on the list of functions that queries and transforms may call. Functions that read files, "
    "settings or the engine's own state are never on it; a misspelt name is refused in the same way.",
)
OUTSIDE_DENIED = Code(
    "HNS-D004",
    "reaches outside the mesh",
    "A query reads tables by their names. Files, URLs and functions that read them cannot be named; describe a file as "
    "an input of a data product instead.",
)
SYNTAX_DENIED = Code(
    "HNS-D005",
    "construct not allowed",
    "The statement uses a construct that has no meaning for reading, or that cannot be checked: for example SELECT "
    "INTO, FOR UPDATE, parameters, or a type of an extension.",
)
CHARACTER_DENIED = Code(
    "HNS-D006",
    "character not allowed",
    "Outside quotes, white space is space, tab and line break; control characters and look-alike spaces are refused "
    "because two parsers could read them differently. They often come from copying out of a document: type the "
    "space again.",
)
RESERVED_NAME = Code(
    "HNS-D007",
    "reserved name",
    "Names that start with two underscores are kept for generated SQL. Choose another name.",
)
TOO_LARGE = Code(
    "HNS-D008",
    "statement too large",
    "The statement is longer, deeper or richer in terms than the limits allow. Use IN for long chains of OR, split "
    "deep nesting into WITH clauses, or move the statement into a transform.",
)
SECOND_READING = Code(
    "HNS-D009",
    "refused at the second reading",
    "The engine's own parser found something in the checked statement that the first reading had not let through. This "
    "should never happen: please report the statement.",
)
TIME_DENIED = Code(
    "HNS-D010",
    "no other time here",
    "Transforms and checks read what is visible when their run starts, so that a run can be repeated and explained. "
    "Clauses like `FOR SYSTEM_TIME AS OF` and `AT (VERSION => …)` belong to queries.",
)
SYNTAX = Code(
    "HNS-Q001",
    "syntax error",
    "The text is not SQL as DuckDB writes it. Reading stopped at the place given; the mistake is there or before it.",
)
EMPTY = Code("HNS-Q002", "empty statement", "The text holds no statement, only space or comments.")
UNBOUND = Code(
    "HNS-Q003",
    "relation without meaning",
    "The statement names a relation that means nothing where it is used. Check its spelling against what is offered.",
)
OPEN_PIVOT = Code(
    "HNS-Q004",
    "PIVOT without its values",
    "The columns that PIVOT makes must be known before it runs. List the values: `PIVOT t ON c IN ('a', 'b') USING …`.",
)
COLUMN_MISSING = Code(
    "HNS-Q005",
    "column missing",
    "A statement must give certain columns, for example those that a contract promises, each exactly once. Add the "
    "column to the SELECT, or give it the right name with AS.",
)
AMBIGUOUS_ARROW = Code(
    "HNS-Q006",
    "arrow without parentheses",
    "DuckDB reads `a = j ->> 'k'` as `(a = j) ->> 'k'`, because its arrow binds less tightly than most operators; "
    "nearly nobody means that. Put parentheses around the arrow: `a = (j ->> 'k')`.",
)
UNCLEAR_VERSION = Code(
    "HNS-Q007",
    "neither a time nor a version",
    "After a table's name, `FOR SYSTEM_TIME AS OF` takes a time, and `AT (…)` takes `TIMESTAMP => …` or "
    "`VERSION => …`. Each is written out as a literal: a time like '2026-11-01 12:00' (UTC unless it has an offset), a "
    "release's number, or the id of a release or snapshot in quotes; never an expression. Only tables of products "
    "have a history.",
)
