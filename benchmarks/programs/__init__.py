"""Programs that benchmarks start as processes of their own; the bare ones are the limits that Hanse is held against."""
