"""L1, PSNR and SSIM against values worked out by hand or straight from the papers."""

import math
import subprocess
import sys

import numpy as np
import pytest

from tfi2i.errors import DataError
from tfi2i.metrics import l1, psnr, ssim


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def flat(value, shape=(2, 12, 12, 3)):
    return np.full(shape, value, np.uint8)


def test_l1_is_in_the_training_scale():
    assert l1(flat(0), flat(255)) == pytest.approx(2.0)
    assert l1(flat(255), flat(0)) == pytest.approx(2.0)
    assert l1(flat(100), flat(151)) == pytest.approx(51 / 127.5)
    assert l1(flat(7), flat(7)) == 0


def test_psnr_is_the_mean_over_images():
    x = np.concatenate([flat(10, (1, 4, 4, 3)), flat(200, (1, 4, 4, 3))])
    y = np.concatenate([flat(11, (1, 4, 4, 3)), flat(190, (1, 4, 4, 3))])
    one_level, ten_levels = 20 * math.log10(255), 20 * math.log10(25.5)
    assert psnr(x, y) == pytest.approx((one_level + ten_levels) / 2)


def test_psnr_of_equal_images_is_infinite():
    assert psnr(flat(3), flat(3)) == math.inf


def ssim_by_definition(x, y):
    """Equation 13 of Wang et al. 2004, window by window."""
    distance = np.arange(11) - 5
    window = np.exp(-(distance[:, None] ** 2 + distance[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            for channel in range(x.shape[2]):
                p = x[row : row + 11, column : column + 11, channel].astype(float)
                q = y[row : row + 11, column : column + 11, channel].astype(float)
                mean_p, mean_q = (window * p).sum(), (window * q).sum()
                variance_p = (window * (p - mean_p) ** 2).sum()
                variance_q = (window * (q - mean_q) ** 2).sum()
                covariance = (window * (p - mean_p) * (q - mean_q)).sum()
                values.append(
                    (2 * mean_p * mean_q + c1)
                    * (2 * covariance + c2)
                    / ((mean_p**2 + mean_q**2 + c1) * (variance_p + variance_q + c2))
                )
    return np.mean(values)


def test_ssim_is_the_published_formula():
    x = noise((1, 15, 13, 3))
    y = np.clip(x.astype(int) + noise(x.shape, 1) // 4 - 20, 0, 255).astype(np.uint8)
    assert ssim(x, y) == pytest.approx(ssim_by_definition(x[0], y[0]), abs=2e-5)


def test_ssim_of_many_images_is_the_mean_of_each():
    x, y = noise((19, 11, 11, 1)), noise((19, 11, 11, 1), 1)
    each = [ssim(x[i : i + 1], y[i : i + 1]) for i in range(19)]
    assert ssim(x, y) == pytest.approx(np.mean(each), abs=1e-6)
    assert ssim(x, x) == pytest.approx(1, abs=1e-6)


def test_ssim_needs_its_window():
    with pytest.raises(DataError, match="11x11 pixels, but these images are 10x64"):
        ssim(noise((1, 10, 64, 3)), noise((1, 10, 64, 3)))


@pytest.mark.parametrize("metric", [l1, psnr, ssim])
def test_wrong_arrays_are_named(metric):
    with pytest.raises(DataError, match="float64 of shape"):
        metric(np.zeros((1, 12, 12, 3)), flat(0))
    with pytest.raises(DataError, match="equal shapes"):
        metric(flat(0), flat(0, (2, 12, 12, 1)))
    with pytest.raises(DataError, match="at least one"):
        metric(flat(0)[:0], flat(0)[:0])


def test_importing_the_metrics_loads_no_tensorflow():
    code = (
        "import sys, tfi2i.metrics as m, numpy as n; z = n.zeros((1, 2, 2, 3), n.uint8); "
        "assert m.l1(z, z) == 0; assert not {'tensorflow', 'keras', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
