"""Sources that need no folder: Earth maps, digits, music, and TensorFlow Datasets by name."""
