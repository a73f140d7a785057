"""A program that kills its own process somewhere on its way."""

# At the n-th boundary: before and after every transaction, every staged file and every commit.
KILLED_AT_A_BOUNDARY = """
import os, signal, sys
from contextlib import contextmanager
import hanse
from hanse.drivers.duckdb.session import DuckDBSession
from hanse.drivers.iceberg import IcebergTables
from hanse.registry import Registry

reached, fatal = 0, int(sys.argv[2])

def boundary():
    global reached
    reached += 1
    if reached == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

def around(kind, name):
    original = getattr(kind, name)
    def wrapped(*args, **options):
        boundary()
        result = original(*args, **options)
        boundary()
        return result
    setattr(kind, name, wrapped)

write = Registry.write

@contextmanager
def killed_write(self):
    boundary()
    with write(self) as writer:
        yield writer
        boundary()  # written, not yet committed
    boundary()

Registry.write = killed_write
around(IcebergTables, "commit")
around(DuckDBSession, "stage")
"""
