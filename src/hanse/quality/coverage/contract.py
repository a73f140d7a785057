"""What becomes of the fields of a contract outside its schema: head, people, servers."""

from __future__ import annotations

from hanse.quality.coverage.treatment import Treatments, each, kept, read, shown, steers

_ID = kept("Its form is checked when read; nothing refers to it.")
_TAGS = kept("Free words for people and other tools.")
_CUSTOM = kept("For other tools; Hanse reads those of the contract, of tables and of properties.")
_LINKS = kept("Links for people; nothing outside is fetched.")

HEAD: Treatments = {
    "version": read("Must be a version number; its first number is the major by which readers address the port."),
    "kind": read("Must be `DataContract`."),
    "apiVersion": steers("Chooses the version of the standard by which the file is read."),
    "id": steers("ODPS ports name their contract by it; a changed one is a breaking change."),
    "name": shown("`hanse contract diff` and `hanse plan` tell when it changes."),
    "tenant": kept(),
    "tags": shown("`hanse contract diff` and `hanse plan` tell when they change."),
    "status": steers("Before `active`, nothing is promised: changes need no new major."),
    "servers": steers("`hanse contract test --server NAME` reads the data there; `Server.*` below."),
    "dataProduct": kept("Deprecated in 3.2. A product's address is its folders."),
    "domain": kept("A domain is its folder."),
    "context": shown("Its parts: `Context.*` below."),
    "schema": steers("One table for each entry; `SchemaObject.*` below."),
    "support": kept("Support channels of a product are those of its ODPS file."),
    "price": kept(),
    "team": kept("The team of a product is that of its ODPS file."),
    "roles": kept("Who may read is decided by the access that the product declares."),
    "slaProperties": steers("One check for each entry and element; `ServiceLevelAgreementProperty.*` below."),
    "authoritativeDefinitions": _LINKS,
    "customProperties": steers("`access` and other keys that Hanse's guide names; every other one is kept."),
    "contractCreatedTs": kept(),
    "description": shown("Its parts below."),
    "description.purpose": shown("`hanse contract diff` and `hanse plan` tell when it changes."),
    "description.usage": shown("`hanse contract diff` and `hanse plan` tell when it changes."),
    "description.limitations": shown("`hanse contract diff` and `hanse plan` tell when they change."),
    "description.authoritativeDefinitions": _LINKS,
    "description.customProperties": _CUSTOM,
}

PEOPLE: Treatments = {
    **each(
        "Team",
        {
            "id": _ID,
            "name": kept(),
            "description": kept(),
            "members": kept(),
            "tags": _TAGS,
            "customProperties": _CUSTOM,
            "authoritativeDefinitions": _LINKS,
        },
    ),
    **each(
        "TeamMember",
        {
            "id": _ID,
            "username": kept(),
            "name": kept(),
            "description": kept(),
            "role": kept(),
            "dateIn": kept(),
            "dateOut": kept(),
            "replacedByUsername": kept(),
            "tags": _TAGS,
            "customProperties": _CUSTOM,
            "authoritativeDefinitions": _LINKS,
        },
    ),
    **each(
        "Role",
        {
            "id": _ID,
            "role": kept(),
            "description": kept(),
            "access": kept(),
            "firstLevelApprovers": kept(),
            "secondLevelApprovers": kept(),
            "customProperties": _CUSTOM,
        },
    ),
    **each(
        "SupportItem",
        {
            "id": _ID,
            "channel": kept(),
            "url": kept(),
            "description": kept(),
            "tool": kept(),
            "scope": kept(),
            "invitationUrl": kept(),
            "customProperties": _CUSTOM,
        },
    ),
    **each("Pricing", {"id": _ID, "priceAmount": kept(), "priceCurrency": kept(), "priceUnit": kept()}),
    **each(
        "CustomProperty",
        {
            "id": _ID,
            "property": steers("The name by which Hanse finds those that it reads."),
            "value": steers("Read by what its name asks for."),
            "vendor": kept(),
            "description": kept(),
        },
    ),
    **each(
        "AuthoritativeDefinitions[]",
        {"id": _ID, "url": kept("Not fetched."), "type": kept(), "description": kept()},
    ),
}

_PLACE = steers("Where the data lies, for `hanse contract test --server`.")
_OTHER = kept("Of kinds of servers that nothing here reads: `hanse contract test --server` says so.")
SERVERS: Treatments = each(
    "Server",
    {
        "id": _ID,
        "server": steers("The name for `hanse contract test --server`."),
        "type": steers("Which driver reads; a kind without one is an error of `hanse contract test --server`."),
        "description": kept(),
        "environment": kept(),
        "roles": kept(),
        "customProperties": _CUSTOM,
        **dict.fromkeys(
            (
                "path",
                "location",
                "format",
                "delimiter",
                "encoding",
                "endpointUrl",
                "host",
                "port",
                "database",
                "schema",
                "catalog",
                "catalogUrl",
                "namespace",
                "warehouse",
            ),
            _PLACE,
        ),
        **dict.fromkeys(
            (
                "account",
                "dataset",
                "project",
                "region",
                "regionName",
                "serviceName",
                "stagingDir",
                "stream",
                "workgroup",
            ),
            _OTHER,
        ),
    },
)
