"""What becomes of the fields of quality rules, service levels and context."""

from __future__ import annotations

from hanse.quality.coverage.treatment import Treatments, each, kept, not_applicable, shown, steers, verified

_LINKS = kept("Links for people; nothing outside is fetched.")
_LIBRARY = "rowCount nullValues missingValues invalidValues duplicateValues"
_HOLDS = verified(f"{_LIBRARY} sql", "Compared exactly with the metric or with the query's one value.")

QUALITY: Treatments = {
    **each(
        "DataQuality",
        {
            "id": kept(),
            "name": steers("The check is called by it, in every report."),
            "description": shown("Beside the check in every report; of a `text` rule, what the person shall judge."),
            "type": verified("sql text custom", "`library`, `sql`, `text` (for a person) or `custom`."),
            "dimension": shown("Beside the check in every report."),
            "severity": steers("`warning` and `info` are told and do not block; everything else blocks."),
            "unit": steers("`rows`, or `percent` of all rows."),
            "businessImpact": shown("`hanse contract diff` tells when it changes."),
            "method": kept(),
            "schedule": verified("schedule", "Not applicable: there is no scheduler yet, every run checks it."),
            "scheduler": verified("schedule", "Not applicable: there is no scheduler yet."),
            "tags": kept(),
            "customProperties": kept(),
            "authoritativeDefinitions": _LINKS,
        },
    ),
    **each(
        "DataQualityLibrary",
        {
            "metric": verified(_LIBRARY, "Exact counts: from file footers, distinct values, the one scan or a group."),
            "rule": verified(_LIBRARY, "The metric's name in ODCS 3.0; older names are translated."),
            "arguments": verified(_LIBRARY, "What counts as missing or valid, and which columns form a key."),
        },
    ),
    **each(
        "DataQualityOperators",
        dict.fromkeys(
            (
                "mustBe",
                "mustNotBe",
                "mustBeGreaterThan",
                "mustBeGreaterOrEqualTo",
                "mustBeLessThan",
                "mustBeLessOrEqualTo",
                "mustBeBetween",
                "mustNotBeBetween",
            ),
            _HOLDS,
        ),
    ),
    "DataQualitySql.query": verified("sql", "Run as written, confined to the contract's own tables; one value."),
    "DataQualityCustom.engine": verified("custom", "`soda` and `greatExpectations`; another tool is an error."),
    "DataQualityCustom.implementation": verified("custom", "Exact equivalents are verified; the rest is an error."),
}

_COLUMNS = "latency freshness retention frequency completeness"
SERVICE_LEVELS: Treatments = {
    "slaDefaultElement": verified(_COLUMNS, "The `element` of properties that name none."),
    **each(
        "ServiceLevelAgreementProperty",
        {
            "id": kept(),
            "property": verified(
                "latency freshness retention frequency completeness availability errorRate throughput "
                "generalAvailability endOfSupport endOfLife timeOfAvailability timeToDetect timeToNotify timeToRepair "
                "serviceLevel",
                "From the column that `element` names; else from the releases and runs of a mesh, or the calendar. "
                "Without evidence, not applicable; a property that the standard does not know is for a person.",
            ),
            "value": verified(f"{_COLUMNS} availability errorRate", "A number with `unit`, or ISO 8601 as `P3Y`."),
            "valueExt": verified("frequency", "Other than `value`, it is for a person: the standard leaves it open."),
            "unit": verified(_COLUMNS, "s, min, h, d, w, mo, q, y or a longer word; anything else is an error."),
            "element": verified(_COLUMNS, "`table.column`, several after commas: a check for each."),
            "driver": steers("Part of the check's id: the same property may be promised to several."),
            "description": shown("Beside the check; `hanse contract diff` tells when it changes."),
            "scheduler": not_applicable("There is no scheduler yet."),
            "schedule": not_applicable("There is no scheduler yet."),
            "customProperties": steers("`severity`: error blocks; without it, a level that is not kept is told."),
            "authoritativeDefinitions": _LINKS,
        },
    ),
}

CONTEXT: Treatments = each(
    "Context",
    {
        "instructions": kept("For language models and people."),
        "verifiedStatements": verified("verifiedStatement", "One check for each."),
        "verifiedStatements[].question": verified("verifiedStatement", "The check is called by it."),
        "verifiedStatements[].answer": verified("verifiedStatement", "For a person, unless a query verifies it."),
        "verifiedStatements[].customProperties": verified(
            "verifiedStatement", "`query` and a `mustBe…`: executed like a rule of `type: sql`."
        ),
        "verifiedStatements[].id": kept(),
        "verifiedStatements[].tags": kept(),
        "verifiedStatements[].authoritativeDefinitions": _LINKS,
        "constraints": verified("constraint", "One check for each."),
        "constraints[].constraint": verified("constraint", "For a person: what nobody shall do with the data."),
        "constraints[].id": kept(),
        "constraints[].tags": kept(),
        "constraints[].customProperties": kept(),
        "constraints[].authoritativeDefinitions": _LINKS,
    },
)
