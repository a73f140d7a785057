"""Floor 5: the folders that `hanse init` and `hanse demo` write."""
