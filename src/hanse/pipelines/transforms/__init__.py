"""What a product's transforms are: the graph they form, programs in Python, windows of what is built by ranges."""
