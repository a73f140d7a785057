"""What a checked tree may be made of. What is not listed is refused."""

from __future__ import annotations

from sqlglot import exp

from hanse.sql.functions import words

# Classes of sqlglot's tree, by exact type. Subclasses do not slip in.
ALLOWED = frozenset(
    getattr(exp, name)
    for name in words(
        """
    Abs Add Adjacent Alias Aliases All And Anonymous Any Array ArrayContainedBy ArrayContainsAll ArrayOverlaps
    AtTimeZone Between BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Boolean Bracket
    CTE Case Cast Collate Column ColumnDef Columns Comprehension Cube DPipe DataType DataTypeParam Distance Distinct
    Div Dot EQ Escape Except Exists Extract Fetch Filter From GT GTE Glob Group GroupingSets Having Identifier If
    IgnoreNulls ILike In IntDiv Intersect Interval Is Join JSONArrayContains JSONExtract JSONExtractScalar Kwarg LT LTE
    Lambda Lateral Like Limit LimitOptions Literal Map Mod Mul NEQ Neg Not Null NullSafeEQ NullSafeNEQ Offset Or Order
    Ordered Paren ParseJSON Pivot PivotAlias Pow PropertyEQ Qualify RespectNulls Rollup Select SimilarTo Slice Star
    StartsWith StrPosition Struct Sub Subquery Substring Table TableAlias TableSample ToMap Trim TryCast Tuple Union
    UnpivotColumns Values Var Where Window WindowSpec With WithinGroup Xor
    """
    )
)

ROOTS = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Pivot, exp.Table)

# Parts that some classes may have; any other part present is refused.
ALLOWED_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: words(
        "with_ kind expressions distinct from_ joins laterals where group having qualify windows order limit offset "
        "sample operation_modifiers"
    ),
    exp.Table: words("this db catalog alias joins laterals pivots sample ordinality"),
    exp.Subquery: words(
        "this with_ alias joins laterals pivots sample order limit offset where group having qualify windows"
    ),
    exp.CTE: words("this alias scalar materialized key_expressions"),
    exp.Lateral: words("this alias ordinality cross_apply"),
}

TYPES = frozenset(
    getattr(exp.DType, name)
    for name in words(
        """
    ARRAY BIGINT BINARY BIT BLOB BOOLEAN CHAR DATE DATETIME DECIMAL DOUBLE ENUM FLOAT HUGEINT INT INT128 INTERVAL JSON
    LIST MAP NULLABLE SMALLINT STRUCT TEXT TIME TIMETZ TIMESTAMP TIMESTAMPTZ TIMESTAMPLTZ TIMESTAMPNTZ TIMESTAMP_S
    TIMESTAMP_MS TIMESTAMP_NS TINYINT UBIGINT UHUGEINT UINT UINT128 UNION USMALLINT UTINYINT UUID VARBINARY VARCHAR
    VARIANT NVARCHAR NCHAR BPCHAR BIGDECIMAL
    """
    )
    if hasattr(exp.DType, name)
)
