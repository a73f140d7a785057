"""What data looks like: facts for a draft of its contract."""
