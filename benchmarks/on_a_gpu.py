"""The pages' part on GPUs: what was measured there, beside what the roofline says."""

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
    """The section of docs/speed.md.

    Args:
        results: All of them: the steps that `gpu` raced, the products of a step as `shares` counted
            them in oneDNN's own list, and the weights that `levers` trained.
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
    machine, works = results["machines"]["gpu"], results["gpu"]
    return "\n".join(
        [
            f"One {machine['gpus'][0]}, {machine['cores']} cores of an {machine['processor']}, "
            f"{results['gpu_date']} UTC. "
            "A step in milliseconds through `fit` (in brackets, images a second), and the largest "
            "memory of the card:",
            "",
            _table(works),
            "",
            _READING,
            "",
            f"The limits, worked out at batch 1: an H100 multiplies {_TERAFLOPS} TFLOP/s in "
            f"bfloat16 and moves {_TERABYTES} TB/s by its data sheet.",
            "",
            *lines,
            "",
            _TEXT,
        ]
    )


def _table(works: dict[str, Any]) -> str:
    names = list(next(iter(works.values())))
    rows = ["|  | " + " | ".join(works) + " |", "|---" + "|---:" * len(works) + "|"]
    for name in names:
        cells = [_cell(outcomes.get(name), work) for work, outcomes in works.items()]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cell(outcome: dict[str, Any] | None, work: str) -> str:
    if outcome is None:
        return ""
    batch = int(work.rpartition(" ")[2])
    seconds = outcome["median_s"]
    return f"{seconds * 1e3:.1f} ms ({batch / seconds:,.0f}), {outcome['peak_mib']:,} MiB"


_READING = """\
XLA wins there, where on processors it loses: `train.xla=true` of a recipe, or
`compile(jit_compile=True)`. It joins the thousand small kernels of a step, for half a minute to a
minute of compilation. Several steps in one call (`train.steps_per_execution`) bring less. PyTorch
(2.11, CUDA 13) took the convolutions that cuDNN found fastest; its networks compiled alone are
hardly faster than eager, and compiled to graphs of kernels (`reduce-overhead`) they are its best:
of CycleGAN the graphs' turns differ by a third. All turns are timed as wholes, but at batch 16,
which was raced earlier, without the graphs, and with the median step of ours. TensorFlow's wheel
(CUDA 12.5) ran with the cuDNN and cuBLAS of CUDA 13."""

_TEXT = """\
So at batch 1 neither products nor memory bind: the start of kernels does, each a few microseconds.
What carried over: bfloat16, Adam in one kernel a variable, one pass of each network for both
players, and larger batches, by `data.batch_size`. What was tuned for the processor's kernels and
has to be measured again: the convolution by blocks, and instance norm image by image. Small maps
are left to cuDNN's convolutions there.

    python -m benchmarks.run --peers PYTHON --only gpu
    tfi2i train pix2pix --recipe paper_256 --data FOLDER train.precision=auto train.xla=true"""
