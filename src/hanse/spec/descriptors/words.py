"""Words that several descriptors use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from hanse.spec.models import Strictly, Text
from hanse.spec.sizes import parse_size

API_VERSION = "hanse/v1"
ApiVersion = Annotated[Literal["hanse/v1"], Field(description="Version of this file's format: `hanse/v1`.")]


def check_size(text: str) -> str:
    """Require a size in bytes, such as ``2GB``."""
    parse_size(text)
    return text


def _check_filled(text: str) -> str:
    if not text.strip():
        raise ValueError("give it a value")
    return text


Filled = Annotated[Text, AfterValidator(_check_filled), Field(json_schema_extra={"minLength": 1})]


class RetentionFile(Strictly):
    """Which releases are kept: what neither number keeps expires when `hanse maintain` runs."""

    model_config = ConfigDict(title="`retention`")

    releases: Annotated[int, Field(ge=1)] | None = Field(None, description="So many of the newest releases.")
    days: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Every release that was visible within so many days: any time since can be queried.",
    )
