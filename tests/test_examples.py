"""The example in every variant's docstring runs as it stands there."""

import functools
import inspect
import textwrap

import numpy as np
import pytest

from tfi2i.training import GAN
from tfi2i.zoo.catalogue import variants


@pytest.mark.parametrize("variant", [*variants()], ids=lambda variant: variant.name)
def test_the_example_of_the_docstring_runs(variant, monkeypatch):
    variant_class = variant.load_class()
    _, _, example = (inspect.getdoc(variant_class) or "").partition("\nExample:\n")
    assert f"from {variant_class.__module__.removesuffix('.model')} import" in example
    # Without a graph, whose tracing takes longer than two steps.
    monkeypatch.setattr(GAN, "compile", functools.partialmethod(GAN.compile, run_eagerly=True))
    names: dict = {}
    exec(compile(textwrap.dedent(example), f"example of {variant.name}", "exec"), names)
    model, (*_, result) = names["model"], names.values()
    assert type(model) is variant_class and int(model.iteration.numpy()) > 0
    assert isinstance(result, np.ndarray) and np.ptp(result) > 0
