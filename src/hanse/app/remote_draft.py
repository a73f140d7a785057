"""Files elsewhere that a product is drafted from: they are read where they are, so they are never copied into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.base import BlueprintError, Location
from hanse.blueprints.codes import NOT_A_SOURCE
from hanse.spec.allowed import parsed
from hanse.spec.globs import is_glob
from hanse.spec.urls import redact

if TYPE_CHECKING:
    from hanse.app.mesh import Mesh
    from hanse.spec import FileInput


def file_name(address: str) -> str:
    """Return the last name of an address's path.

    Raises:
        BlueprintError: HNS-B009: a pattern, no address, or one with a secret that the draft would write to a file.
    """
    url, fault = parsed(address)
    why = fault
    if url is not None and is_glob(address):
        why = "it is a pattern: name one of its files, and write the pattern into `pipeline.yaml` afterwards"
    elif redact(address) != address:
        why = "it holds a secret, which would be written to `pipeline.yaml`"
    if url is None or why:
        raise BlueprintError(
            NOT_A_SOURCE,
            f"`{redact(address)}` is no file that a product can be drafted from",
            why=why,
            fix="name one file, and leave passwords and signatures out",
        )
    return url.path.rpartition("/")[2]


def bring(mesh: Mesh, source: FileInput, folder: str) -> str:
    """Return the path of a local copy in a folder.

    Raises:
        IngestError: as of :meth:`hanse.ingest.RemoteFiles.look`.
    """
    from hanse.spec import FileReference

    reference = FileReference(source.name, source.path, Location("--from"))
    ((_, state),) = mesh.remote.look(reference)
    return mesh.remote.bring(reference, state, folder).path
