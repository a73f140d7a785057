"""Floor 5: the folders that `hanse init` and `hanse demo` write."""

from hanse.blueprints.examples import EXAMPLES, Example, demo
from hanse.blueprints.new_mesh import init

__all__ = ["EXAMPLES", "Example", "demo", "init"]
