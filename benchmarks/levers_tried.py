"""What was tried for speed and is not in the code, for those who would try it again."""

LEVERS_TRIED = """\
- XLA on processors: see "without fit, with XLA" above.
- `TF_NUM_INTEROP_THREADS=1`, one operator at a time: see above.
- Weights as constants in the served graph: once loaded, the graph takes many times the weights'
  size in memory. So weights stay variables; TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1 says that they do
  not change.
- A network's activations computed again in the backward pass (`tf.recompute_grad` around whole
  networks; Keras' RematScope does not take networks that are called with `training=True`):
  CycleGAN gave back little of its memory, and its steps were longer. Batch norm would count every
  batch twice.
- The gradient of a 3x3 kernel on a large map as one product of three shifted maps with three
  shifted gradients: a little faster than oneDNN's kernel in bfloat16, slower in float32. Zeros
  around both, which give the map a width that suits that kernel, bring a little as well.
- Mirrored borders joined from slices in training, as in inference: this brings nothing and takes
  more memory.
- The gradient of attention without its sum over all pairs (that sum is upstream times output, one
  number for each place): this brings a little in bfloat16 and nothing in float32. It needs a
  gradient of our own, and a penalty would need the gradient of that one too.
- The ResNet's 3x3 transposed convolutions by phases, as the U-Net's 4x4 ones are served: 2x2
  kernels would multiply 16 times where now 9 times are enough. These kernels are near the peak
  already, like all of the served ResNet ("Where the time goes")."""
