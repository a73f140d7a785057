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

SERVICE_LEVELS: Treatments = {
    "slaDefaultElement": kept("Deprecated in 3.1."),
    **each(
        "ServiceLevelAgreementProperty",
        {
            "id": kept(),
            "property": kept("Not verified yet."),
            "value": kept("Not verified yet."),
            "valueExt": kept("Not verified yet."),
            "unit": kept("Not verified yet."),
            "element": kept("Not verified yet."),
            "driver": kept("Why it matters, for people."),
            "description": shown("`hanse contract diff` tells when it changes."),
            "scheduler": not_applicable("There is no scheduler yet."),
            "schedule": not_applicable("There is no scheduler yet."),
            "customProperties": kept(),
            "authoritativeDefinitions": _LINKS,
        },
    ),
}

CONTEXT: Treatments = each(
    "Context",
    {
        "instructions": kept("For language models and people."),
        "verifiedStatements": kept("Not verified yet."),
        "verifiedStatements[].question": kept("Not verified yet."),
        "verifiedStatements[].answer": kept("Not verified yet."),
        "verifiedStatements[].customProperties": kept("Not verified yet."),
        "verifiedStatements[].id": kept(),
        "verifiedStatements[].tags": kept(),
        "verifiedStatements[].authoritativeDefinitions": _LINKS,
        "constraints": kept("For language models and people."),
        "constraints[].constraint": kept("For language models and people."),
        "constraints[].id": kept(),
        "constraints[].tags": kept(),
        "constraints[].customProperties": kept(),
        "constraints[].authoritativeDefinitions": _LINKS,
    },
)
