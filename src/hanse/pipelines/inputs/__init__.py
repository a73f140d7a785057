"""Getting ready what a run reads: files, databases, other products."""
