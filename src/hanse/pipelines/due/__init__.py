"""What a run finds, and what has to be built: keys of all results, compared with those of the visible release."""
