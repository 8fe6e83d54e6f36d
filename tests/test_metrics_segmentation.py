"""The FCN-score: figures by hand, and a scorer that tells real images from wrong ones."""

import numpy as np
import pytest

from tfi2i.data import open_source
from tfi2i.errors import DataError
from tfi2i.evidence.measures import segmentation
from tfi2i.evidence.measures.segmentation import segmentation_score
from tfi2i.metrics import class_figures


def test_figures_by_hand():
    truth = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    found = np.array([0, 0, 0, 1, 1, 0, 2, 3])
    figures = class_figures(truth, found)
    assert figures["pixel_accuracy"] == pytest.approx(5 / 8)
    assert figures["class_accuracy"] == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)
    # 3 of 5, 1 of 3, 1 of 2: the pixel found as 3 counts against class 2 alone.
    assert figures["class_iou"] == pytest.approx((3 / 5 + 1 / 3 + 1 / 2) / 3)


class Answer:
    """A translator that gives the same images whatever it is asked."""

    crop_size = 32

    def __init__(self, images):
        self.images = images

    def translate_batch(self, labels):
        return self.images


def test_real_images_score_higher_than_others_and_the_network_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(segmentation, "_STEPS", 40)
    source = open_source("earth:labels-bmng", load_size=32)
    images = source.splits["test"].b
    assert images is not None
    real = np.stack([images.load(i) for i in range(len(images))])
    right = segmentation_score(Answer(real), source, tmp_path)  # type: ignore[arg-type]
    for name in ("pixel_accuracy", "class_accuracy", "class_iou"):
        assert right[name] == right[f"real_{name}"]
    assert right["pixel_accuracy"] > 0.5
    assert len(list(tmp_path.glob("segmenter-*-32.npz"))) == 1
    monkeypatch.setattr(segmentation, "_train", None)  # not called again
    wrong = segmentation_score(Answer(real[::-1]), source, tmp_path)  # type: ignore[arg-type]
    assert wrong["pixel_accuracy"] < right["pixel_accuracy"] - 0.1
    assert wrong["real_pixel_accuracy"] == right["pixel_accuracy"]


def test_other_data_have_no_labels():
    source = open_source("earth:etopo1-bmng", load_size=32)
    with pytest.raises(DataError, match="no label maps"):
        segmentation_score(Answer(None), source)  # type: ignore[arg-type]
