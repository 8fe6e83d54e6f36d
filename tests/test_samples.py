"""The sample grids of a run."""

import numpy as np

from tfi2i.data import read_image, write_image
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.train import Training
from tfi2i.zoo.unpaired.cyclegan import CycleGAN
from tiny_models import TINY


def test_domains_of_few_and_uneven_images_fill_the_grid_that_there_is(tmp_path):
    """As a folder without test images has them: two of A, five of B."""
    for domain, count, grey in (("trainA", 2, 50), ("trainB", 5, 200)):
        (tmp_path / "data" / domain).mkdir(parents=True)
        for number in range(count):
            picture = np.full((32, 32, 3), grey, np.uint8)
            write_image(tmp_path / "data" / domain / f"{number}.png", picture)
    data = {"source": str(tmp_path / "data"), "load_size": 32, "crop_size": 32}
    recipe = Recipe("cyclegan", TINY["cyclegan"][0], data, {"epochs": 1}).resolve(CycleGAN)
    training = Training(recipe, CycleGAN, RunFolder(tmp_path / "run"))
    training.fit(verbose=0)
    assert training.finished and training.steps_per_epoch == 5
    grid = read_image(training.folder.samples / "000000005.png")
    # Input, translation, input, translation; four rows, as many as a grid has.
    assert grid.shape == (4 * 32, 4 * 32, 3)
    assert (grid[:64, :32] == 50).all() and (grid[:, 64:96] == 200).all()
    assert (grid[64:, :64] == 255).all()
