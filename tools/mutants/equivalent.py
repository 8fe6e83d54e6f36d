"""Faults that no test could notice, each with the reason."""

from dataclasses import dataclass

from tools.mutants.fault import Fault


@dataclass(frozen=True)
class Equivalent:
    """A generated fault that changes nothing.

    Attributes:
        where: Name of the function.
        old: The piece of code, its white space as single blanks.
        new: What stands there instead, likewise; None covers every fault of the piece.
        reason: Why nothing changes.
    """

    where: str
    old: str
    new: str | None
    reason: str

    def covers(self, fault: Fault) -> bool:
        """Whether the fault is this one."""
        old, new = (" ".join(text.split()) for text in (fault.old, fault.new))
        return (fault.where, old) == (self.where, self.old) and self.new in (None, new)


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "ImagePool.exchange",
        "tf.random.stateless_uniform([count], tf.bitwise.invert(seed)) < 0.5",
        "(tf.random.stateless_uniform([count], tf.bitwise.invert(seed)) <= 0.5)",
        "a draw is exactly 0.5 once in eight million times",
    ),
    Equivalent(
        "Player.__init__",
        "0.0",
        "1.0",
        "without an average its rate is not asked for",
    ),
    Equivalent(
        "_between_halves",
        "upper, lower",
        "lower, upper",
        "a distance has no direction",
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
)
