"""What the roofline says for a GPU of 80 GB, worked out from counted products and bytes."""

from typing import Any

from benchmarks.contestants import OURS

# NVIDIA H100 SXM, as its data sheet has it: dense bfloat16 products, and the memory's rate.
_TERAFLOPS = 989
_TERABYTES = 3.35
# Of a weight in a step under mixed bfloat16: Adam reads four float32 numbers (weight, gradient, two
# moments) and writes three.
_BYTES_A_WEIGHT = 28
_STEP = " step"


def on_a_gpu(results: dict[str, Any]) -> str:
    """The section of the page.

    Args:
        results: All of them: the products of a step as `shares` counted them in oneDNN's own list,
            and the weights that `levers` trained.
    """
    lines = []
    for name, work in results["shares"].items():
        if not name.endswith(_STEP):
            continue
        weights = results["levers"][name.removesuffix(_STEP)][OURS]["weights"]
        compute = work["gflop"] / _TERAFLOPS
        traffic = weights * _BYTES_A_WEIGHT / _TERABYTES / 1e9
        lines.append(
            f"- {name}: {work['gflop']:,.0f} GFLOP are {compute:.2f} ms of products, the weights "
            f"and Adam's moments {traffic:.2f} ms of memory traffic."
        )
    return "\n".join(
        [
            f"Not measured: this project had no GPU. An H100 multiplies {_TERAFLOPS} TFLOP/s in "
            f"bfloat16 and moves {_TERABYTES} TB/s by its data sheet. At batch 1 that leaves:",
            "",
            *lines,
            "",
            _TEXT,
        ]
    )


_TEXT = """\
So at batch 1 neither products nor memory bind there: the start of some thousand kernels a step
does, each a few microseconds. What carries over: `train.precision=auto` (bfloat16 from compute
capability 8.0), Adam in one kernel a variable, one pass of each network for both players, both
directions of CycleGAN in one batch, and above all larger batches, by `data.batch_size`. What was
tuned for the processor's kernels and has to be measured again: the convolution by blocks, and
instance norm image by image.

    python -m benchmarks.run --peers PYTHON --only roofline,training,levers
    tfi2i train cyclegan --recipe paper_256 --data FOLDER data.batch_size=8"""
