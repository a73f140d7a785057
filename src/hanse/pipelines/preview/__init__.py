"""What is found out about transforms before they run: faults, what the engine refuses, where columns come from."""
