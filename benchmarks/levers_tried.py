"""What was tried for speed and is not in the code, for those who would try it again."""

LEVERS_TRIED = """\
- XLA: see "without fit, with XLA" above; CycleGAN's step, whose pool of images holds what it was
  given before, is not compiled by it at all.
- `TF_NUM_INTEROP_THREADS=1`, one operator at a time: see above.
- Weights as constants in the served graph: a request a little faster, and many times the
  weights' size in memory once loaded; they stay variables."""
