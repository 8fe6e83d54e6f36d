"""State in files: weights, checkpoints and facts, read as if from a stranger."""
