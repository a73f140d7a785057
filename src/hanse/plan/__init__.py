"""Floor 7: desired against actual, as one list of steps."""
