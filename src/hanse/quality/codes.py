"""Codes of contract checks (letter C)."""

from hanse.base import Code

NONSENSE_CLAUSE = Code(
    "HNS-C001",
    "a clause that means nothing for its column",
    "A bound, an allowed value or an option does not fit the type of its column, for example `minimum: abc` on an "
    "integer. Correct the value or the column's type; until then the clause counts as a check that could not run.",
)
BAD_PATTERN = Code(
    "HNS-C002",
    "a pattern that cannot be used",
    "A regular expression is malformed, or uses a feature of ECMA-262 that an engine with guaranteed linear time does "
    "not have: look-around and back-references. Rewrite the pattern, or state the rule as `type: sql`.",
)
UNSUPPORTED_CLAUSE = Code(
    "HNS-C003",
    "a clause that Hanse cannot verify yet",
    "The contract states something that is valid in ODCS and that this version of Hanse has no check for. It is "
    "reported as an error rather than skipped; set the rule's severity to `warning`, or state it as `type: sql`.",
)
INCOMPLETE_RULE = Code(
    "HNS-C004",
    "an incomplete quality rule",
    "A rule of a `quality` list lacks what it needs to be verified: a known metric, its arguments, or one of the "
    "`mustBe…` conditions. The message says which.",
)
FOREIGN_RULE = Code(
    "HNS-C005",
    "a rule written for another tool",
    "A `custom` rule holds the text of another tool. What Soda and Great Expectations mean is verified where Hanse has "
    "an exact equivalent; the message names what has none. State it as a library metric or as `type: sql`, or set its "
    "severity to `warning` so that it does not block.",
)
BAD_QUERY = Code(
    "HNS-C006",
    "a quality rule's SQL cannot be used",
    "The query of a `sql` rule cannot be parsed, is not a single SELECT, uses an unknown placeholder, or names a table "
    "that is not one of the product's own.",
)
NOT_ONE_VALUE = Code(
    "HNS-C007",
    "a quality rule's SQL does not return one value",
    "The query of a `sql` rule must return exactly one row with one column: a number, a truth value or a text.",
)
BAD_REFERENCE = Code(
    "HNS-C009",
    "a relationship that leads nowhere",
    "A relationship names a table or a column that its contract does not have, a column of another type, or is written "
    "in a form that means nothing. References are `table.column`, or `schema/<table>/properties/<column>` by ids, "
    "after `<file>#` if another contract is meant.",
)
REFERENCE_ELSEWHERE = Code(
    "HNS-C010",
    "a relationship whose other table cannot be looked at",
    "The table that a relationship leads to is promised by the contract of a product that this one does not read, or "
    "its data was not given to `hanse contract test`. Add the product to the inputs, or give its data, too.",
)
COLUMN_MISSING = Code(
    "HNS-C008",
    "a column of the contract is not in the table",
    "The table under test has no column of this name, so nothing that the contract says of it can be verified.",
)
BAD_SERVICE_LEVEL = Code(
    "HNS-C016",
    "a service level that cannot be verified as it is written",
    "An entry of `slaProperties` has a unit that is none, a value that does not fit it, or an `element` that the "
    "contract does not have. Units are s, min, h, d, w, mo, q and y, or a longer word for one of them; `m` may be "
    "minutes or months, so it is refused. Shares have the unit percent.",
)
BAD_NULL_REASON = Code(
    "HNS-C017",
    "reasons for nulls that cannot be used",
    "`nullReasons` is a list of `{reason, when, always}`: words, a condition on the row in SQL, and whether the value "
    "is null whenever it holds. A condition may look into other tables of the contract with EXISTS or IN, and "
    "into nothing else. `nullWhen` is one condition, whose words are those of `nullMeaning`.",
)
CONFUSABLE = Code(
    "HNS-C018",
    "columns that are easily taken for each other",
    "Two columns of a table have nearly the same name, or the same type and description, and nothing says how they "
    "differ. Describe both, so that a reader knows which one to take.",
)
BAD_EXAMPLE = Code(
    "HNS-C019",
    "an example that breaks the contract",
    "A value among a property's `examples` or `enum` is not of its type, or breaks another of its clauses.",
)
CONTRADICTION = Code(
    "HNS-C011",
    "clauses that exclude each other",
    "Two clauses of a contract cannot both hold, for example a minimum above the maximum: no data can keep them. "
    "Correct one of them.",
)
POINTLESS_CLAUSE = Code(
    "HNS-C012",
    "a clause that says nothing more",
    "A clause repeats another, or leaves open what it rests on: a rule that is there twice, `unique` on a primary key, "
    "a key column that may be null. Remove or complete it.",
)
UNDESCRIBED = Code(
    "HNS-C013",
    "nothing says what it means",
    "A contract, table or column has no description, or one that still says TODO. Readers would have to ask somebody.",
)
UNOWNED = Code(
    "HNS-C014",
    "nobody answers for the contract",
    "A contract that is no draft any more names neither a team nor a support channel, so nobody learns of a failure.",
)
UNCLASSIFIED = Code(
    "HNS-C015",
    "personal data, perhaps, without a classification",
    "The name of a column suggests personal data. Add `classification`, also if it is `public`: a decision was made.",
)
OTHER_REFUSED = Code(
    "HNS-C020",
    "a check that needs a table which was refused",
    "A relationship, a reason for nulls or a rule looks into another table of the product, whose delivery was refused "
    "in the same run. Correct that table; then the check runs.",
)
