"""Which models TF Serving puts requests together for, and how many.

Measured (docs/serving.md): it saves a third of a generator's time, and nothing of a translator's,
whose images are translated in turn. Requests that are put together fail together. So models that
refuse what a client could easily get wrong, such as a class that is not there, answer each alone.
"""

# TF Serving reads it beside saved_model.pb, with --enable_per_model_batching_parameters.
BATCHING_FILE = "batching_params.pbtxt"
# Images that are drawn at once: more bring little, and the first of them waits longer.
TOGETHER = 8


def batching_params(max_images: int) -> str:
    """Parameters in protobuf's text form (session_bundle_config.proto, BatchingParameters).

    Args:
        max_images: The most images of one request; larger ones than `TOGETHER` are split.
    """
    values = {
        "max_batch_size": max_images,
        "enable_large_batch_splitting": "true",
        "max_execution_batch_size": min(TOGETHER, max_images),
        # A lone request waits a millisecond for others.
        "batch_timeout_micros": 1000,
        "max_enqueued_batches": 100,
    }
    return "".join(f"{name} {{ value: {value} }}\n" for name, value in values.items())


def batches(max_images: int) -> tuple[int, ...]:
    """Sizes of batches to warm up with."""
    return tuple(size for size in (1, 2, 4, TOGETHER) if size <= max_images)
