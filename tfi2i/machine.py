"""What the machine at hand computes natively, and how many cores of it are there."""

import os
from pathlib import Path

# Of GPUs: Ampere and later.
_BFLOAT16_CAPABILITY = (8, 0)


def computes_bfloat16() -> bool:
    """Whether training and translating in bfloat16 is faster here than in float32.

    True where all GPUs are of compute capability 8.0 or more; without GPUs, where the processor
    has bfloat16 instructions (AMX or AVX-512). Elsewhere bfloat16 is emulated, and slower.
    """
    import tensorflow as tf  # Seconds that who only counts cores does not wait for.

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
        return all(d.get("compute_capability", (0, 0)) >= _BFLOAT16_CAPABILITY for d in details)
    return bool({"amx_bf16", "avx512_bf16"} & _processor_flags())


def gpu_names() -> list[str]:
    """The GPUs that TensorFlow sees, as their driver names them."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
    return [one.get("device_name", "GPU") for one in details]


def available_cores() -> int:
    """Cores that this process may use: where it is pinned to some of them, fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor_flags() -> set[str]:
    """The processor's extensions as Linux names them; none where there is no such list."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
