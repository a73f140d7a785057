"""``domain.yaml`` as a pydantic model."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from hanse.spec.descriptors.words import ApiVersion, Filled, RetentionFile
from hanse.spec.models import Strictly, Text


class MemberFile(Strictly):
    """A member of a domain's team."""

    model_config = ConfigDict(title="a member")

    username: Filled = Field(description="User name or e-mail address.")
    role: Text | None = Field(None, description="Role in the team, for example `owner` or `engineer`.")
    name: Text | None = Field(None, description="Full name.")


class DomainFile(Strictly):
    """A domain: a business area with an owning team."""

    model_config = ConfigDict(title="`domain.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Domain"] = Field(description="`Domain`.")
    name: Text | None = Field(None, description="Name of the domain; it must be the folder's name.")
    title: Text | None = Field(None, description="Name for people.")
    description: Text | None = Field(None, description="What the domain is about.")
    team: Text | None = Field(None, description="Name of the owning team.")
    contact: Text | None = Field(None, description="How to reach the team.")
    members: list[MemberFile] | None = Field(None, description="The team's members.")
    retention: RetentionFile | None = Field(
        None, description="How long releases of the domain's products are kept, where it shall not be as in the mesh."
    )
