"""From a source to batches: order, draws, crops, augmentation, and the held-out images."""
