"""What this machine is, what it computes natively, and how many cores it has to give."""

import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

# Whose versions a run notes.
_PACKAGES = ("tfi2i", "tensorflow", "keras", "numpy", "Pillow")
# The compute capability of GPUs from Ampere on.
_BFLOAT16_CAPABILITY = (8, 0)
# Extensions that decide how fast a processor convolves, the fastest first.
_EXTENSIONS = {
    "amx_bf16": "AMX",
    "avx512_bf16": "AVX-512 with bfloat16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}


def prefer_onednn() -> None:
    """Has TensorFlow compute with oneDNN's kernels on every x86 processor.

    TensorFlow uses them by default only where there is AVX-512; other processors take longer for a
    step without them (`python -m benchmarks.run --only onednn`). Call this before TensorFlow is
    imported. If TF_ENABLE_ONEDNN_OPTS is already set, it stays as it is.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def computes_bfloat16() -> bool:
    """Whether training and translating in bfloat16 is faster here than in float32.

    True where all GPUs have compute capability 8.0 or more. Without GPUs it is true where the
    processor has bfloat16 instructions (AMX or AVX-512). Elsewhere bfloat16 is emulated, and
    slower.
    """
    import tensorflow as tf  # Takes seconds, which counting cores need not wait for.

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
        return all(d.get("compute_capability", (0, 0)) >= _BFLOAT16_CAPABILITY for d in details)
    return bool({"amx_bf16", "avx512_bf16"} & _processor_flags())


def computing_threads() -> int:
    """Threads over which an operation is spread; its rounding depends on their number."""
    import tensorflow as tf

    asked = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    set_here = tf.config.threading.get_intra_op_parallelism_threads()
    return set_here or (int(asked) if asked.isdigit() else 0) or available_cores()


def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU, whose kernels want other forms of some layers."""
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def gpu_names() -> list[str]:
    """The GPUs that TensorFlow sees, as their driver names them."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
    return [one.get("device_name", "GPU") for one in details]


def processor_name() -> str:
    """Such as AMD EPYC (AVX2): machines with one name may differ in their widest extension."""
    match = re.search(r"^model name\s*:\s*(.+)", _processor_list(), re.MULTILINE)
    name = match[1] if match else platform.processor()
    flags = _processor_flags()
    widest = next((words for flag, words in _EXTENSIONS.items() if flag in flags), None)
    return f"{name} ({widest})" if widest else name


def available_cores() -> int:
    """Cores that this process may use; fewer than there are if it is pinned to some of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_machine() -> dict[str, Any]:
    """Versions, processor and command of this process, for `run.json` and `results.json`."""
    from importlib.metadata import version  # Takes longer than all else that `import tfi2i` does.

    return {
        "command": " ".join(["tfi2i", *sys.argv[1:]]),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "processor": processor_name(),
        "cores": available_cores(),
        "gpus": gpu_names(),
    }


def _processor_flags() -> set[str]:
    """The processor's extensions as Linux names them; none where there is no such list."""
    match = re.search(r"^flags\s*:\s*(.+)", _processor_list(), re.MULTILINE)
    return set(match[1].split()) if match else set()


def _processor_list() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.exists() else ""
