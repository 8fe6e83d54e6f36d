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
        step = name.removesuffix(_STEP)
        if step not in results["levers"]:
            continue
        weights = results["levers"][step][OURS]["weights"]
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
            "The table has a step in milliseconds through `fit` (in brackets: images a second) and "
            "the most memory of the card:",
            "",
            _table(works),
            "",
            _READING,
            "",
            f"The limits, worked out at batch 1: by its data sheet an H100 computes {_TERAFLOPS} "
            f"TFLOP/s in bfloat16 and moves {_TERABYTES} TB/s.",
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
XLA wins on a GPU, while on processors it loses: set `train.xla=true` in a recipe, or call
`compile(jit_compile=True)`. It joins the thousand small kernels of a step and takes half a minute
to a minute to compile. Several steps in one call (`train.steps_per_execution`) bring less. PyTorch
(2.11, CUDA 13) took the convolutions that cuDNN found fastest. Its networks are hardly faster when
compiled than when eager, and best when compiled to graphs of kernels (`reduce-overhead`); with
CycleGAN the turns of these graphs differ by a third. All turns are timed as wholes, except at
batch 16, which was raced earlier, without the graphs, and with our median step. TensorFlow's wheel
(CUDA 12.5) ran with the cuDNN and cuBLAS of CUDA 13."""

_TEXT = """\
So at batch 1 neither products nor memory are the limit: starting the kernels is, at a few
microseconds each. These levers carried over: bfloat16, Adam in one kernel a variable, one pass of
each network for both players, and larger batches, by `data.batch_size`. Others were tuned for the
processor's kernels and have to be measured again: the convolution by blocks, and instance norm
image by image. Small maps are left to cuDNN's convolutions on a GPU.

    python -m benchmarks.run --peers PYTHON --only gpu
    tfi2i train pix2pix --recipe paper_256 --data FOLDER train.precision=auto train.xla=true"""
