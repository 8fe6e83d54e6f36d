"""Faults that no test could notice, each with the reason."""

from dataclasses import dataclass

from tools.mutants.fault import Fault


@dataclass(frozen=True)
class Equivalent:
    """A generated fault that changes nothing.

    Attributes:
        where: Name of the function.
        old: The piece of code, its white space as single blanks.
        new: What stands there instead, likewise.
        reason: Why nothing changes.
        within: A part of the line, where the piece stands in the function more than once.
    """

    where: str
    old: str
    new: str
    reason: str
    within: str = ""

    def covers(self, fault: Fault) -> bool:
        """Whether the fault is this one."""
        old, new = (" ".join(text.split()) for text in (fault.old, fault.new))
        if (fault.where, old) != (self.where, self.old) or new != self.new:
            return False
        return self.within in fault.source_line


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "ImagePool.exchange",
        "tf.random.stateless_uniform([count], tf.bitwise.invert(seed)) < 0.5",
        "(tf.random.stateless_uniform([count], tf.bitwise.invert(seed)) <= 0.5)",
        "a draw is exactly 0.5 once in eight million times",
    ),
    Equivalent(
        "GAN.begin_epoch",
        "number > int(keras.ops.convert_to_numpy(self.stage_number))",
        "(number >= int(keras.ops.convert_to_numpy(self.stage_number)))",
        "what is there already is set once more",
    ),
    Equivalent(
        "_between_halves",
        "upper, lower",
        "lower, upper",
        "a distance has no direction",
    ),
    Equivalent(
        "AAE.train_step",
        "losses.squared_distance(batch, copies)",
        "losses.squared_distance(copies, batch)",
        "a squared difference has no direction",
    ),
    Equivalent(
        "VAEGAN.train_step",
        "losses.squared_distance(real_features, copy_features)",
        "losses.squared_distance(copy_features, real_features)",
        "a squared difference has no direction",
    ),
    Equivalent(
        "feature_matching",
        "zip(real_features, fake_features, strict=True)",
        "zip(fake_features, real_features, strict=True)",
        "a squared difference has no direction",
    ),
    Equivalent(
        "Checkpoints.restore",
        "headers.keys() - stored.keys()",
        "(headers.keys())",
        "what both have is there already, and is the same",
    ),
    Equivalent(
        "DualGAN._penalty",
        "real",
        "fake",
        "draws are asked for as many images as both have",
        within="uniform_for_each(",
    ),
    Equivalent(
        "WGANGP.train_step",
        "real",
        "fake",
        "draws are asked for as many images as both have",
        within="uniform_for_each(",
    ),
    Equivalent(
        "SiameseTranslator._gradient_penalty",
        "self.gradient_penalty_weight",
        "1.0",
        "a penalty without weight is computed for nothing",
    ),
    Equivalent(
        "_length",
        "1.0",
        "2.0",
        "what it stands for is masked a second time",
    ),
    Equivalent(
        "DistanceStatistics.measure",
        "1e-6",
        "2e-06",
        "deviations of images are far from either limit",
    ),
    Equivalent(
        "Training._fit_rest",
        "epoch < epochs",
        "(epoch <= epochs)",
        "the epochs from the last to the last are none",
        within="not stop.stopped",
    ),
)
