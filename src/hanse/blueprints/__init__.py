"""Floor 5: the folders that `hanse init`, `hanse demo` and `hanse new` write."""

from hanse.blueprints.examples import EXAMPLES, Example, demo
from hanse.blueprints.new_mesh import init
from hanse.blueprints.orders_data import orders_delivery, orders_state

__all__ = ["EXAMPLES", "Example", "demo", "init", "orders_delivery", "orders_state"]
