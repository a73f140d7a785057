"""Floor 19: the only room that prints. One file per noun."""
