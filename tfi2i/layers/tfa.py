"""Loads weights of models trained with tensorflow-addons into the layers that replace its own.

tensorflow-addons ended in 2024 and cannot be imported beside Keras 3. Save the arrays where it
still runs,

    np.savez("norm.npz", *tfa_layer.get_weights())

and give them to the layer here:

    # 1e-3 is tensorflow-addons' default; ours is 1e-5, as in the papers.
    layer = InstanceNormalization(epsilon=1e-3)
    layer.build((None, None, None, channels))
    load_tfa_weights(layer, list(np.load("norm.npz").values()))
"""

from collections.abc import Sequence

import keras
import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.layers.normalization import InstanceNormalization
from tfi2i.layers.spectral import SpectralNormalization


def load_tfa_weights(
    layer: InstanceNormalization | SpectralNormalization, weights: Sequence[np.ndarray]
) -> None:
    """Gives a layer what `get_weights()` of tensorflow-addons' layer of the same name returned.

    InstanceNormalization: gamma and beta, both (C,).

    SpectralNormalization: the kernel, the bias if the wrapped layer has one, and u (1, outputs).
    tensorflow-addons overwrites the kernel with the divided one in every training step, so that
    here the loaded kernel is divided once more: by a number near 1, since one optimizer step lies
    between. For its exact inference load kernel and bias into the bare layer instead.

    Args:
        layer: A built layer of `tfi2i.layers`.
        weights: Arrays in the order of `get_weights()`.

    Raises:
        WeightsError: The arrays do not fit the layer, the layer is not built, or the layer wraps a
            Conv2DTranspose, whose kernel tensorflow-addons reads as another matrix.
    """
    if not layer.built:
        raise WeightsError(f"Build the layer {layer.name!r} before loading weights into it.")
    if isinstance(layer, InstanceNormalization):
        targets = [layer.gamma, layer.beta]
    else:
        if isinstance(layer.layer, keras.layers.Conv2DTranspose):
            raise WeightsError(
                "tensorflow-addons reads the kernel of a Conv2DTranspose as a matrix of outputs x "
                "inputs and normalises that; its u means nothing here. Load kernel and bias into "
                "a bare Conv2DTranspose for inference, or train anew."
            )
        targets = [*layer.layer.trainable_variables, layer.u]
    shapes = [tuple(target.shape) for target in targets]
    given = [np.shape(array) for array in weights]
    if shapes != given:
        raise WeightsError(
            f"The layer {layer.name!r} takes arrays of shapes {shapes}, in this order; got {given}."
        )
    for target, array in zip(targets, weights, strict=True):
        target.assign(array)
