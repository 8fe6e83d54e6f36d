"""Files to pixels and back: one decoder for training, evaluation, inference and serving."""
