"""Whatever stands in a descriptor, it is read or refused with codes and places; nothing else is raised."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.base import HanseError, Problem, Severity
from hanse.spec import load
from hanse.spec.odcs import read_contract

from .conftest import DOMAIN, MESH, Folder
from .test_spec_odcs import EVERYTHING
from .test_spec_odps import FULL

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 3, 2.5, 10**30, "", "x", "v1.0.0", "object", "array", "map", "vector", "sql", "custom"]),
    st.sampled_from([[], [None], [1, "x"], [[]], {}, {"a": 1}, {"name": "x"}, [{}], [{"name": "x"}]]),
)
NEW_KEYS = st.sampled_from(["items", "map", "properties", "quality", "rule", "logicalTypeOptions", "zz", ""])


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from paths(below, (*path, key))


def mutate(document: Any, data: st.DataObject) -> Any:
    """Change one to three places: another value, a key taken away, a key added."""
    changed = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(changed))))
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        action = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "replace" or isinstance(holder, list):
            holder[path[-1]] = copy.deepcopy(data.draw(JUNK))
        elif action == "remove" and len(changed) > 1:
            del holder[path[-1]]
        else:
            holder[data.draw(NEW_KEYS)] = copy.deepcopy(data.draw(JUNK))
    return changed


def sound(problems: Any) -> None:
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.where is not None
        assert problem.where.line > 0 or "/" in problem.where.path
        assert problem.fix
        str(problem)


CONTRACT = yaml.load(EVERYTHING, Loader=yaml.BaseLoader)
VERSIONS = st.sampled_from(["v3.0.2", "v3.1.0", "v3.2.0"])


def _typed(value: Any) -> Any:
    """Give back the types that the base loader takes away, as far as the descriptors need them."""
    if isinstance(value, dict):
        return {k: _typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_typed(v) for v in value]
    return {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)


@settings(max_examples=300, deadline=None)
@given(st.data(), VERSIONS)
def test_contracts(data: st.DataObject, version: str) -> None:
    document = mutate({**_typed(CONTRACT), "apiVersion": version, "version": "1.0.0"}, data)
    contract, problems = read_contract(json.dumps(document, indent=1).encode(), "x/c.odcs.yaml")
    sound(problems)
    assert (contract is None) == any(p.severity is Severity.ERROR for p in problems)


PIPELINE = {
    "apiVersion": "hanse/v1",
    "kind": "Pipeline",
    "inputs": {
        "raw": {
            "file": "a.csv",
            "format": "csv",
            "compression": "none",
            "columns": {"a": "INT"},
            "csv": {"header": True},
        },
        "port": {"port": "a.b.c", "major": 1},
    },
    "tables": {"orders": {"materialize": "replace"}},
}
OWN = {
    "mesh.yaml": {
        **yaml.safe_load(MESH),
        "engine": {"driver": "duckdb", "threads": 2, "memory_limit": "1 GB"},
        "registry": {"url": "sqlite:///x"},
        "storage": {"warehouse": "w"},
    },
    "domains/sales/domain.yaml": {**yaml.safe_load(DOMAIN), "members": [{"username": "a", "role": "b"}]},
    "domains/sales/orders/pipeline.yaml": PIPELINE,
    "domains/sales/orders/product.yaml": _typed(yaml.load(FULL, Loader=yaml.BaseLoader)),
}


@pytest.mark.parametrize("path", sorted(OWN))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_other_descriptors(path: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = _folder(tmp_path_factory)
    folder.write(path, json.dumps(mutate(OWN[path], data), indent=1))
    try:
        sound(load(folder.root, environ={}).problems)
    except HanseError as error:
        sound(error.problems)


def _folder(factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(Path(factory.mktemp("junk")) / "mesh")
    folder.write("mesh.yaml", MESH)
    folder.product("sales.orders")
    return folder
