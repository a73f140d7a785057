"""How contracts write things: values, conditions, formats, patterns and lengths of time, made exact."""
