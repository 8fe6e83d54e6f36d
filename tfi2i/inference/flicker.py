"""How much a translated clip flickers: its changes from frame to frame beside the input's own.

A translator sees one frame at a time, so that what stands still in the input may change in the
output. Levels are those of 8 bits, and a change is the mean absolute difference of two frames that
follow each other.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

# Of a pixel whose channels change by no more: noise of a camera and of compression.
STILL_LEVELS = 2


class Flicker:
    """Looks at the frames of a clip in order, and tells the figures of all of them."""

    def __init__(self, told: Sequence[Sequence[float]] = ()):
        """Goes on after what an earlier one has `told`."""
        self.told: list[list[float]] = [list(one) for one in told]
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def begin_after(self, taken: np.ndarray, made: np.ndarray) -> None:
        """Takes the frames before the next, of the input and of the output."""
        self._last = taken, made

    def look_at(self, taken: np.ndarray, made: np.ndarray) -> None:
        """Takes the next frame, uint8 (H, W, C) of the input and of the output."""
        if self._last is not None and all(
            a.shape == b.shape for a, b in zip(self._last, (taken, made), strict=True)
        ):
            changes = [
                np.abs(after.astype(np.int16) - before)
                for before, after in zip(self._last, (taken, made), strict=True)
            ]
            still = changes[0].max(axis=-1) <= STILL_LEVELS
            moved = float(changes[1][still].sum()) / changes[1].shape[-1]
            means = [float(change.mean()) for change in changes]
            self.told.append([*means, float(still.mean()), moved / still.size])
        self._last = taken, made

    def figures(self) -> dict[str, Any]:
        """The means over all pairs of frames that follow each other.

        Returns:
            `input_change` and `output_change` in levels; `flicker`, the second over the first, None
            where nothing moves; `still_share` of the pixels, whose channels change by no more than
            `STILL_LEVELS` in the input; and `still_output_change`, the output's change there, None
            if there are none. A translator that changes nothing has a `flicker` of 1.
        """
        if not self.told:
            return {"pairs_of_frames": 0}
        taken, made, still, moved = np.mean(np.array(self.told, np.float64), axis=0).tolist()
        return {
            "pairs_of_frames": len(self.told),
            "input_change": round(taken, 4),
            "output_change": round(made, 4),
            "flicker": round(made / taken, 4) if taken else None,
            "still_share": round(still, 4),
            "still_output_change": round(moved / still, 4) if still else None,
        }
