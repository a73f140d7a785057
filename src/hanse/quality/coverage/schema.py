"""What becomes of the fields of a contract's schema: tables, properties, the options of their types, relationships."""

from __future__ import annotations

from hanse.quality.coverage.treatment import (
    Treatment,
    Treatments,
    each,
    kept,
    read,
    shown,
    steers,
    verified,
)

_LINKS = kept("Links for people; nothing outside is fetched.")
_TABLE = "`hanse show` of a table"

ELEMENTS: Treatments = {
    **each(
        "SchemaElement",
        {
            "id": steers("Stable identity: a property keeps its column when its name changes; references may use it."),
            "name": verified("type confusable", "The column must be there; a table's name is how SQL finds it."),
            "physicalType": kept("Of a table: `table`, `view`, `topic` or `file`. Of a property: below."),
            "description": verified(
                "confusable", f"{_TABLE}; where names are nearly the same, it must tell them apart."
            ),
            "businessName": shown(_TABLE),
            "deprecated": shown(f"{_TABLE}; `hanse contract diff` tells when it changes."),
            "synonyms": kept("For catalogues and language models."),
            "authoritativeDefinitions": _LINKS,
            "tags": shown("`hanse contract diff` tells when they change."),
            "customProperties": verified(
                "nullReasons nullAlways", "`nullReasons` and `nullWhen` are executed; `nullMeaning` and `was` are read."
            ),
        },
    ),
    **each(
        "SchemaObject",
        {
            "logicalType": read("Only `object` is allowed."),
            "physicalName": steers("Another name by which `sql` rules may call the table."),
            "dataGranularityDescription": shown(_TABLE),
            "properties": steers("One column for each entry."),
            "relationships": steers("One check for each entry; `Relationship…` below."),
            "quality": steers("One check for each entry; `DataQuality.*` below."),
            "context": shown("Its parts: `Context.*` below."),
        },
    ),
    **each(
        "SchemaBaseProperty",
        {
            "primaryKey": verified("primaryKey", "No null, and no combination twice: one pass over the key."),
            "primaryKeyPosition": verified("primaryKey", "Order of the key's columns; positions may not repeat."),
            "logicalType": verified("type", "Every value is of this type: from the relation's shape."),
            "logicalTypeOptions": steers("One check for each option; below."),
            "physicalType": verified("physicalType type", "Lengths, widths; else settled, or not applicable."),
            "physicalName": steers("A staged column of this name is taken for the property."),
            "required": verified("required", "No null: from file footers where they are exact, else in the one scan."),
            "unique": verified("unique", "No value twice; nulls do not count: one pass over the column."),
            "semanticType": kept("A `measure` is no stored column of its own meaning here."),
            "partitioned": verified("partitioned", "There and not null; `materialize: partition` replaces rows by it."),
            "partitionKeyPosition": steers("Order of the partition columns; positions may not repeat."),
            "classification": shown(f"{_TABLE}; `hanse contract diff` tells when it changes."),
            "encryptedName": kept(),
            "transformSourceObjects": kept("Lineage is read from the transforms themselves."),
            "transformLogic": kept("Lineage is read from the transforms themselves."),
            "transformDescription": kept(),
            "examples": verified("examples", f"They keep every clause of their own column. {_TABLE}."),
            "enum": verified("enum", "Every value is one of these: over distinct values where they are few."),
            "criticalDataElement": kept(),
            "relationships": steers("One check for each entry; `Relationship…` below."),
            "quality": steers("One check for each entry; `DataQuality.*` below."),
            "properties": verified("type", "Members of an object: each with all of its clauses."),
            "items": verified("type", "What an array holds: every clause is checked of every item."),
            "map": steers("What a map holds."),
            "map.key": verified("type", "Every clause is checked of every key."),
            "map.value": verified("type", "Every clause is checked of every value."),
        },
    ),
    "SchemaItemProperty.properties": verified("type", "Members of an array's objects: each with all of its clauses."),
    **each(
        "EnumValue",
        {
            "value": verified("enum enumEntries", "Of the property's type, and within its other clauses."),
            "label": shown(_TABLE),
            "description": shown(_TABLE),
            "id": kept(),
            "tags": kept(),
            "customProperties": kept(),
            "authoritativeDefinitions": _LINKS,
        },
    ),
    **each(
        "Synonym",
        dict.fromkeys(
            ("id", "synonym", "locale", "source", "status", "description", "customProperties"),
            kept("For catalogues and language models."),
        ),
    ),
}

_BOUNDS: dict[str, Treatment] = {
    key: verified(key, "Every value that is not null; NaN keeps no bound. From file footers where they are exact.")
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
}
_ENUM = {"enum": verified("enum", "Of ODCS before 3.2; the same as `enum` of the property.")}
_TIME_FORMAT = {"format": verified("format", "Times are stored as times, which have no other form: passed.")}
_NUMBER = {
    **_ENUM,
    **_BOUNDS,
    "multipleOf": verified("multipleOf", "Every value that is not null; doubles to a relative 1e-9."),
    "format": verified("format", "The range of the named width."),
}
_ZONE = {
    "timezone": verified("timezone", "Stored with or without a zone; a `time` with one is refused when read."),
    "defaultTimezone": verified("defaultTimezone", "A zone; passed for UTC, else not applicable."),
}

_OPTIONS: dict[str, dict[str, Treatment]] = {
    "string": {
        **_ENUM,
        "minLength": verified("minLength", "Characters, in the one scan or over distinct values."),
        "maxLength": verified("maxLength", "Characters, in the one scan or over distinct values."),
        "pattern": verified("pattern", "ECMA-262 read as RE2, found anywhere in the text, in linear time."),
        "format": verified("format", "`uuid`, `email`, `uri`, `dd.MM.yyyy` … as patterns; `password` is for a person."),
    },
    "integer": _NUMBER,
    "number": _NUMBER,
    "date": {**_ENUM, **_BOUNDS, **_TIME_FORMAT},
    "time": {**_ENUM, **_BOUNDS, **_TIME_FORMAT, **_ZONE},
    "timestamp": {**_ENUM, **_BOUNDS, **_TIME_FORMAT, **_ZONE},
    "object": {
        **_ENUM,
        "required": verified("required", "These members are not null where the object is there."),
        "minProperties": verified("minProperties", "A stored object always has all its members: settled by its type."),
        "maxProperties": verified("maxProperties", "A stored object always has all its members: settled by its type."),
    },
    "array": {
        **_ENUM,
        "minItems": verified("minLength", "Items of every list."),
        "maxItems": verified("maxLength", "Items of every list."),
        "uniqueItems": verified("uniqueItems", "No item of a list twice; nulls do not count."),
    },
    "vector": {
        **_ENUM,
        "dimensions": verified("dimensions", "Every vector has just as many numbers."),
        "elementType": verified("elementType", "Every element is there, finite and in its range."),
        "distanceMetric": kept("How to compare vectors, for those who search."),
        "embeddingModel": kept(),
        "embeddingModelVersion": kept(),
        "normalized": verified("normalized", "The root of the squares' sum is 1, to one thousandth."),
    },
}

OPTIONS: Treatments = {
    f"SchemaBaseProperty.logicalTypeOptions({kind}){suffix}": treatment
    for kind, options in _OPTIONS.items()
    for suffix, treatment in (
        ("", steers("Its options follow.")),
        *((f".{key}", treatment) for key, treatment in options.items()),
    )
}

RELATIONSHIPS: Treatments = {
    **each(
        "RelationshipBase",
        {
            "id": kept(),
            "type": read("Only `foreignKey` is allowed."),
            "from": verified("relationship", "The key; one that holds a null refers to nothing."),
            "to": verified("relationship", "Every key is there: one anti-join, also across tables of other contracts."),
            "customProperties": kept(),
        },
    ),
    "RelationshipSchemaLevel.from": verified("relationship", "One reference, or as many as `to` has."),
    "RelationshipSchemaLevel.to": verified("relationship", "One reference, or as many as `from` has."),
}
