"""Floor 17: `open_mesh`, the only place that chooses drivers."""
