"""Hanse's own files as pydantic models: ``mesh.yaml``, ``domain.yaml``, ``pipeline.yaml``.

Editors read them as JSON Schemas (:func:`json_schemas`), so every key says what it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.spec.descriptors.domain import DomainFile
from hanse.spec.descriptors.inputs import FileInputFile, PortInputFile, TableInputFile
from hanse.spec.descriptors.mesh import MeshFile
from hanse.spec.descriptors.pipeline import PipelineFile, TableFile, WindowFile
from hanse.spec.models import Strictly

__all__ = [
    "DomainFile",
    "FileInputFile",
    "MeshFile",
    "PipelineFile",
    "PortInputFile",
    "TableFile",
    "TableInputFile",
    "WindowFile",
    "json_schemas",
]


def json_schemas() -> Mapping[str, dict[str, Any]]:
    """Return the JSON Schemas (draft 2020-12) of our own files by kind: ``mesh``, ``domain``, ``pipeline``."""
    models: dict[str, type[Strictly]] = {"mesh": MeshFile, "domain": DomainFile, "pipeline": PipelineFile}
    return {
        kind: {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        for kind, model in models.items()
    }
