"""What was tried for speed and is not in the code, for those who would try it again."""

LEVERS_TRIED = """\
- XLA on processors: see "without fit, with XLA" above.
- `TF_NUM_INTEROP_THREADS=1`, one operator at a time: see above.
- Weights as constants in the served graph: many times the weights' size in memory once loaded. They
  stay variables; that they do not change is said by TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1.
- A network's activations computed again in the backward pass (`tf.recompute_grad` around whole
  networks; Keras' RematScope does not take networks that are called with `training=True`): CycleGAN
  gave back little of its memory, for longer steps. Batch norm would count every batch twice.
- The gradient of a 3x3 kernel on a large map as one product of three shifted maps with three
  shifted gradients: a little faster than oneDNN's kernel in bfloat16, slower in float32.
  Zeros around both, with which the map's width suits that kernel: a little as well.
- Mirrored borders joined of slices in training, as in inference: nothing, and more memory.
- The gradient of attention without its sum over all pairs (that sum is upstream times output, a
  number a place): a little in bfloat16, nothing in float32, and a gradient of our own whose
  gradient a penalty would need.
- The ResNet's 3x3 transposed convolutions by phases, as the U-Net's 4x4 ones are served: 2x2
  kernels would multiply 16 times for 9, and theirs are near the peak already: all of the served
  ResNet is ("Where the time goes")."""
