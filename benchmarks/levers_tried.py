"""What was tried for speed and is not in the code, for those who would try it again."""

LEVERS_TRIED = """\
- XLA on processors: see "without fit, with XLA" above.
- `TF_NUM_INTEROP_THREADS=1`, one operator at a time: see above.
- Weights as constants in the served graph: many times the weights' size in memory once loaded. They
  stay variables; that they do not change is said by TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1.
- A network's activations computed again in the backward pass (`tf.recompute_grad` around whole
  networks; Keras' RematScope does not take networks that are called with `training=True`): CycleGAN
  gave back little of its memory, for longer steps. Batch norm would count every batch twice."""
