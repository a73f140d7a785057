"""Bitol ODPS 1.0 and 1.1 as pydantic models.

One set of models reads both versions: 1.1 adds keys and turns ``team`` from a list of members into an object. What 1.0
requires beyond 1.1 is checked by :func:`read_product_file`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from hanse.base import Problem
from hanse.spec import codes
from hanse.spec.document import Document, Map, as_written
from hanse.spec.models import Flag, Strictly, Text, validate

VERSIONS = ("v1.0.0", "v1.1.0")


class AuthoritativeDefinition(Strictly):
    """A link to where something is defined."""

    model_config = ConfigDict(title="an authoritative definition")

    id: Text | None = None
    type: Text
    url: Text
    description: Text | None = None


class CustomProperty(Strictly):
    """A key and a value of somebody's own."""

    model_config = ConfigDict(title="a custom property")

    id: Text | None = None
    property: Text
    value: Any
    description: Text | None = None


class Described(Strictly):
    """What most objects of the standard may carry."""

    id: Text | None = None
    tags: list[Text] | None = None
    customProperties: list[CustomProperty] | None = None  # noqa: N815  # keys as the standard spells them
    authoritativeDefinitions: list[AuthoritativeDefinition] | None = None  # noqa: N815


class Synonym(Strictly):
    """Another name of a thing."""

    model_config = ConfigDict(title="a synonym")

    id: Text | None = None
    synonym: Text
    description: Text | None = None
    locale: Text | None = None
    source: Text | None = None
    status: Text | None = None
    customProperties: list[CustomProperty] | None = None  # noqa: N815


class VerifiedStatement(Described):
    """A question with its approved answer."""

    model_config = ConfigDict(title="a verified statement")

    question: Text
    answer: Text | None = None


class Constraint(Described):
    """What must not be done with a product."""

    model_config = ConfigDict(title="a constraint")

    constraint: Text


class Context(Strictly):
    """Guidance for agents."""

    model_config = ConfigDict(title="`context`")

    instructions: Text | None = None
    verifiedStatements: list[VerifiedStatement] | None = None  # noqa: N815
    constraints: list[Constraint] | None = None


class DescriptionText(Strictly):
    """What a product is for."""

    model_config = ConfigDict(title="`description`")

    purpose: Text | None = None
    limitations: Text | None = None
    usage: Text | None = None
    authoritativeDefinitions: list[AuthoritativeDefinition] | None = None  # noqa: N815
    customProperties: list[CustomProperty] | None = None  # noqa: N815


class InputPortFile(Described):
    """Where a product reads."""

    model_config = ConfigDict(title="an input port")

    name: Text
    version: Text | None = None
    contractId: Text | None = None  # noqa: N815
    deprecated: Flag | None = None


class BillOfMaterials(Strictly):
    """A software bill of materials."""

    model_config = ConfigDict(title="an SBOM")

    id: Text | None = None
    type: Text | None = None
    url: Text | None = None


class InputContract(Strictly):
    """A contract that an output port depends on."""

    model_config = ConfigDict(title="an input contract")

    id: Text
    version: Text


class OutputPortFile(Described):
    """Where a product serves."""

    model_config = ConfigDict(title="an output port")

    name: Text
    description: Text | None = None
    type: Text | None = None
    version: Text | None = None
    contractId: Text | None = None  # noqa: N815
    sbom: list[BillOfMaterials] | None = None
    inputContracts: list[InputContract] | None = None  # noqa: N815
    synonyms: list[Synonym] | None = None
    deprecated: Flag | None = None
    context: Context | None = None


class ManagementPort(Described):
    """Where a product is managed."""

    model_config = ConfigDict(title="a management port")

    name: Text
    content: Text
    type: Text | None = None
    url: Text | None = None
    channel: Text | None = None
    description: Text | None = None
    deprecated: Flag | None = None


class SupportChannel(Described):
    """Where questions are answered."""

    model_config = ConfigDict(title="a support channel")

    channel: Text
    url: Text
    description: Text | None = None
    tool: Text | None = None
    scope: Text | None = None
    invitationUrl: Text | None = None  # noqa: N815


class MemberOfTeam(Described):
    """A member of the owning team."""

    model_config = ConfigDict(title="a team member")

    username: Text
    name: Text | None = None
    description: Text | None = None
    role: Text | None = None
    dateIn: Text | None = None  # noqa: N815
    dateOut: Text | None = None  # noqa: N815
    replacedByUsername: Text | None = None  # noqa: N815


class Team(Described):
    """The owning team."""

    model_config = ConfigDict(title="`team`")

    name: Text | None = None
    description: Text | None = None
    members: list[MemberOfTeam] | None = None


def _team_form(value: Any) -> str:
    return "as members" if isinstance(value, list) else "as team"


class ProductFile(Strictly):
    """A data product."""

    model_config = ConfigDict(title="the product")

    apiVersion: Literal["v1.0.0", "v1.1.0"]  # noqa: N815
    kind: Literal["DataProduct"]
    id: Text
    name: Text | None = None
    version: Text | None = None
    status: Text | None = None
    deprecated: Flag | None = None
    synonyms: list[Synonym] | None = None
    domain: Text | None = None
    type: Text | None = None
    tenant: Text | None = None
    context: Context | None = None
    description: DescriptionText | None = None
    tags: list[Text] | None = None
    authoritativeDefinitions: list[AuthoritativeDefinition] | None = None  # noqa: N815
    customProperties: list[CustomProperty] | None = None  # noqa: N815
    inputPorts: list[InputPortFile] | None = None  # noqa: N815
    outputPorts: list[OutputPortFile] | None = None  # noqa: N815
    managementPorts: list[ManagementPort] | None = None  # noqa: N815
    support: list[SupportChannel] | None = None
    team: (
        Annotated[
            Annotated[Team, Tag("as team")] | Annotated[list[MemberOfTeam], Tag("as members")],
            Discriminator(_team_form),
        ]
        | None
    ) = Field(None)
    productCreatedTs: Text | None = None  # noqa: N815


def read_product_file(document: Document) -> tuple[ProductFile | None, list[Problem]]:
    """Read ``product.yaml``; return it, or None, and what is wrong with it."""
    root = document.root
    version = as_written(root.get("apiVersion"))
    if root.get("kind") == "DataContract":
        what = "`product.yaml` holds a data contract, not a data product"
        fix = "move it to the product's `contracts` folder, and write the ODPS descriptor here"
        return None, [Problem(codes.BAD_VALUE, what, document.at(root, "kind"), fix=fix)]
    if version is not None and version not in VERSIONS:
        known = ", ".join(VERSIONS)
        fix = f"write `v{version}`" if f"v{version}" in VERSIONS else f"write one of {known}"
        where = document.at(root, "apiVersion")
        what = f"the product is written in ODPS `{version}`"
        return None, [Problem(codes.UNSUPPORTED_VERSION, what, where, why=f"versions read: {known}", fix=fix)]
    product, problems = validate(document, ProductFile, f"ODPS {version or VERSIONS[-1]}")
    if version == "v1.0.0":
        problems += _required_by_v10(document)
    return (None if problems else product), problems


def _required_by_v10(document: Document) -> list[Problem]:
    root = document.root
    places: list[tuple[Map, tuple[str, ...], str]] = [(root, ("status",), "the product")]
    places += [
        (p, ("version", "contractId"), "an input port") for p in root.get("inputPorts") or () if isinstance(p, Map)
    ]
    places += [(p, ("version",), "an output port") for p in root.get("outputPorts") or () if isinstance(p, Map)]
    return [
        Problem(
            codes.MISSING_KEY,
            f"{title} has no `{key}`",
            document.at(place),
            why="ODPS v1.0.0 requires it",
            fix=f"add `{key}:`, or write `apiVersion: v1.1.0`",
        )
        for place, keys, title in places
        for key in keys
        if place.get(key) is None
    ]
