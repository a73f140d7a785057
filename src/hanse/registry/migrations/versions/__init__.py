"""One file per revision: `v0001_….py`. A revision never imports the current schema."""
