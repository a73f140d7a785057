"""``mesh.yaml`` as a pydantic model."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from hanse.spec.connections import SECRET
from hanse.spec.descriptors.words import ApiVersion, Filled, RetentionFile, check_size
from hanse.spec.models import Strictly, Text
from hanse.spec.urls import is_remote, parse_url


def _check_secret(text: str) -> str:
    if not SECRET.fullmatch(text):
        raise ValueError("write the name of a variable, as `${NAME}`, and keep the password out of this file")
    return text


class RegistryFile(Strictly):
    """Where the mesh remembers what it knows."""

    model_config = ConfigDict(title="`registry`")

    url: Filled = Field(
        description="SQLAlchemy URL of the control database. Relative SQLite paths start at the mesh's folder. "
        "Default: `sqlite:///.hanse/registry.db`."
    )


class StorageFile(Strictly):
    """Where tables are kept."""

    model_config = ConfigDict(title="`storage`")

    warehouse: Filled = Field(
        description="Folder of the tables, absolute or relative to the mesh's folder. Default: `.hanse/warehouse`."
    )


class EngineFile(Strictly):
    """Which engine runs SQL, and what it may use."""

    model_config = ConfigDict(title="`engine`")

    driver: Literal["duckdb"] = Field("duckdb", description="The engine: `duckdb`.")
    threads: Annotated[int, Field(ge=1)] | None = Field(None, description="Worker threads. Default: one per processor.")
    memory_limit: Annotated[Text, AfterValidator(check_size)] | None = Field(
        None, description="Memory it may use, such as `4 GB` or `512 MiB`. Default: 80 % of the machine's."
    )
    python_seconds: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Seconds that a Python transform may take before it is ended. Default: 3600."
    )


class MeshRetentionFile(RetentionFile):
    """Which releases are kept, where a domain or product says nothing else."""

    limit: RetentionFile | None = Field(
        None, description="The most that a domain or product may ask for; it also holds where nobody asks."
    )


class ConnectionFile(Strictly):
    """A database that products may read."""

    model_config = ConfigDict(title="a connection")

    type: Literal["postgres"] = Field(description="`postgres`.")
    host: Filled = Field(description="Name or address of the server, or the folder of its socket.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="Port of the server. Default: 5432.")
    database: Filled = Field(description="The database.")
    user: Filled = Field(description="Who logs in. Give it the right to read the tables, and no other.")
    password: Annotated[Text, AfterValidator(_check_secret)] | None = Field(
        None,
        description="The variable that holds the password, as `${NAME}`; nothing else may stand here. It is read when "
        "the connection is made, and kept nowhere. Default: what libpq finds, such as `~/.pgpass`.",
    )
    tls: Literal["disable", "require", "verify-ca", "verify-full"] | None = Field(
        None,
        description="`require` (default): encrypted. `verify-ca`, `verify-full`: the server's certificate must be "
        "signed by a known authority, or be that of `host`, too. `disable`: neither.",
    )
    ca: Filled | None = Field(
        None, description="File of the authorities' certificates, absolute or relative to the mesh's folder."
    )
    timeout: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Seconds that reading one table may take. Default: 3600."
    )
    domains: Annotated[list[Filled], Field(min_length=1)] = Field(
        description="The domains whose products may read through it."
    )


def _check_prefix(text: str) -> str:
    if is_remote(text):
        url = parse_url(text)
        if url.query or set(url.path) & set("*?["):
            raise ValueError("write a prefix, without a pattern and without `?`")
    return text


def _check_network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("write a network such as `10.0.0.0/8`, or one address") from None
    return text


class SourcesFile(Strictly):
    """Where file inputs may come from."""

    model_config = ConfigDict(title="`sources`")

    allow: list[Annotated[Filled, AfterValidator(_check_prefix)]] | None = Field(
        None,
        description="What inputs may read beside the mesh's own folder: prefixes of addresses "
        "(`https://data.example.org/`, `s3://bucket/prefix/`) and local folders (`/srv/deliveries`). Default: local "
        "files of any folder, and nothing elsewhere.",
    )
    networks: list[Annotated[Text, AfterValidator(_check_network)]] | None = Field(
        None,
        description="Networks that are not public, such as `10.0.0.0/8`, in which hosts of allowed addresses may lie. "
        "Default: none, but an address or `localhost` that `allow` itself names.",
    )
    max_size: Annotated[Text, AfterValidator(check_size)] | None = Field(
        None, description="The largest file that is fetched. Default: `10 GB`."
    )
    cache_size: Annotated[Text, AfterValidator(check_size)] | None = Field(
        None, description="How much of what was fetched is kept, so that it is not fetched again. Default: `20 GB`."
    )


class MeshFile(Strictly):
    """A mesh: one control plane."""

    model_config = ConfigDict(title="`mesh.yaml`")

    apiVersion: ApiVersion  # noqa: N815  # the key as it is written
    kind: Literal["Mesh"] = Field(description="`Mesh`.")
    name: Filled = Field(description="Name of the mesh: the authority of its addresses.")
    description: Text | None = Field(None, description="What the mesh is for.")
    registry: RegistryFile | None = Field(None, description="Control database.")
    storage: StorageFile | None = Field(None, description="Storage of tables.")
    engine: EngineFile | None = Field(None, description="SQL engine.")
    retention: MeshRetentionFile | None = Field(None, description="How long releases are kept. Default: for ever.")
    connections: dict[str, ConnectionFile] | None = Field(
        None, description="Databases that products may read, by the name that their inputs use."
    )
    sources: SourcesFile | None = Field(None, description="Where file inputs may come from.")
