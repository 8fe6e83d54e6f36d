"""Which files are translated, what is never written over, and what beside pixels is kept."""

import io
import os

import keras
import numpy as np
import pytest
from PIL import Image, ImageCms

from tfi2i.data import read_image, write_image
from tfi2i.data.decode.tags import read_tags
from tfi2i.errors import DataError
from tfi2i.inference.file_names import find_images, output_paths
from tfi2i.inference.files import translate_files

COPYRIGHT, CAPTION, ORIENTATION, EXPOSURE, ISO = 33432, 270, 274, 0x8769, 0x8827


@pytest.fixture(scope="module")
def negative():
    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Lambda(lambda x: -x)(images), name="negative")
    model.size_multiple = 1
    return model


def put(path, colour: str | tuple = "teal", size=(12, 10), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


def translate(generator, inputs, out, **options):
    return translate_files(generator, inputs, out, progress=False, **options)


# --- never over a file that was there ---


@pytest.mark.fault("R10")
def test_another_picture_of_the_same_name_is_not_written_over(tmp_path, negative):
    """The input becomes a.png, which is another picture."""
    photo = put(tmp_path / "photos" / "a.bmp")
    other = put(tmp_path / "photos" / "a.png", "red")
    content = other.read_bytes()
    with pytest.raises(DataError, match=r"1 file is there already, such as .*a\.png.*--overwrite"):
        translate(negative, [photo], tmp_path / "photos")
    assert other.read_bytes() == content
    translate(negative, [photo], tmp_path / "photos", overwrite=True)
    np.testing.assert_array_equal(read_image(other), 255 - read_image(photo))


@pytest.mark.fault("R10")
def test_nothing_is_translated_where_one_file_is_taken(tmp_path, negative):
    for name in "abc":
        put(tmp_path / "in" / f"{name}.png")
    put(tmp_path / "out" / "c.png", "red")
    (tmp_path / "out" / "b.png").symlink_to("nowhere")
    with pytest.raises(DataError, match="2 files are there already"):
        translate(negative, [tmp_path / "in"], tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["b.png", "c.png"]


@pytest.mark.fault("R10")
def test_an_input_is_not_written_over_even_if_asked(tmp_path, negative):
    photo = put(tmp_path / "a.png")
    with pytest.raises(DataError, match="a.png would be overwritten"):
        translate(negative, [photo], tmp_path, overwrite=True)


# --- names ---


@pytest.mark.fault("R12")
def test_names_as_long_as_file_systems_take(tmp_path, negative):
    longest = put(tmp_path / "in" / ("a" * 251 + ".png"))
    (written,) = translate(negative, [longest], tmp_path / "out")
    assert written.name == longest.name and os.listdir(tmp_path / "out") == [longest.name]
    # As .png, it is one byte longer than it may be.
    too_long = tmp_path / ("ä" * 125 + "b.gi")
    with pytest.raises(DataError, match="name would have 256 bytes, and the limit is 255; rename"):
        output_paths([too_long.with_name("ä" * 126 + ".gi")], tmp_path / "out", [".png"])
    assert output_paths([too_long], tmp_path / "out", [".png"])


def test_globs_below_folders_with_brackets(tmp_path):
    photo = put(tmp_path / "photos [2024]" / "x" / "a1.png")
    put(tmp_path / "photos 2" / "x" / "a2.png")
    for pattern in ("photos [2024]/x/*.png", "photos [2024]/*/a[1].png", "photos [2024]/**/*.png"):
        assert find_images([f"{tmp_path}/{pattern}"]) == [photo], pattern
    # Where no folder has that very name, brackets are the shell's.
    assert len(find_images([f"{tmp_path}/photos [0-9]/x/*.png"])) == 1


def test_relative_and_hidden_files_as_in_a_shell(tmp_path, monkeypatch):
    put(tmp_path / "in" / "a.png")
    put(tmp_path / "in" / ".hidden.png")
    put(tmp_path / "in" / ".folder" / "b.png")
    monkeypatch.chdir(tmp_path)
    for pattern in ("in/*.png", "i*/*", "**/*.png", "in/**"):
        assert [str(path) for path in find_images([pattern])] == ["in/a.png"], pattern


@pytest.mark.fault("R12")
def test_links_that_lead_back_end(tmp_path):
    photo = put(tmp_path / "in" / "a.png")
    for name in ("one", "two"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "in", target_is_directory=True)
    assert find_images([f"{tmp_path}/in/**/*.png"]) == [photo]


def test_pictures_in_subfolders_are_named_with_the_way_to_them(tmp_path, negative, capsys):
    put(tmp_path / "in" / "a.png")
    put(tmp_path / "in" / "more" / "deep" / "b.png")
    out = tmp_path / "in" / "out"
    translate_files(negative, [tmp_path / "in"], out)
    said = "".join(capsys.readouterr().err.split())
    assert f"notreadbelow{tmp_path / 'in'}:1imageinmore/deep;name'{tmp_path / 'in'}/**'" in said
    # What is read in another way, and the translations, are no news.
    inputs = [tmp_path / "in", f"{tmp_path / 'in'}/**"]
    assert len(translate_files(negative, inputs, out, overwrite=True)) == 2
    assert "not read" not in capsys.readouterr().err


@pytest.mark.fault("R12")
def test_pipes_are_named_and_left_out(tmp_path, negative, capsys):
    put(tmp_path / "in" / "a.png")
    os.mkfifo(tmp_path / "in" / "z.png")
    for inputs in ([f"{tmp_path}/in/*.png"], [tmp_path / "in" / "z.png"]):
        with pytest.raises(DataError, match=r"z\.png is a folder, a pipe or a device"):
            translate(negative, inputs, tmp_path / "out", overwrite=True)
    translate(negative, [f"{tmp_path}/in/*"], tmp_path / "one", skip_bad=True)
    assert "z.png is a folder, a pipe" in capsys.readouterr().err
    (tmp_path / "in" / "b.heic").touch()
    translate(negative, [tmp_path / "in"], tmp_path / "two")
    said = capsys.readouterr().err
    assert "pipes or devices: z.png" in said and "1 .heic in" in said


# --- what a file says beside its pixels ---


def tagged(path, **options):
    exif = Image.Exif()
    exif[CAPTION], exif[COPYRIGHT], exif[ORIENTATION] = "Harbour", "A. Painter", 6
    exif.get_ifd(EXPOSURE)[ISO] = 400
    return put(path, exif=exif, dpi=(300, 300), **options)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_captions_authors_and_resolution_are_kept(suffix, tmp_path, negative):
    source = tagged(tmp_path / "in" / f"a{suffix}")
    (written,) = translate(negative, [source], tmp_path / "out")
    with Image.open(written) as image:
        exif = image.getexif()
        assert exif[CAPTION] == "Harbour" and exif[COPYRIGHT] == "A. Painter"
        assert exif.get_ifd(EXPOSURE)[ISO] == 400
        assert ORIENTATION not in exif and image.size == (10, 12)
        if suffix != ".webp":
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_texts_of_png_files_are_kept(tmp_path, negative):
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Description", "Harbour")
    texts.add_itxt("Author", "Ægir")
    source = put(tmp_path / "in" / "a.png", pnginfo=texts)
    (written,) = translate(negative, [source], tmp_path / "out")
    with Image.open(written) as image:
        assert image.info == {"Description": "Harbour", "Author": "Ægir"}


def test_tags_that_cannot_be_parsed_say_nothing(tmp_path, negative):
    source = put(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff garbage")
    assert read_tags(source).exif == b""
    assert len(translate(negative, [source], tmp_path / "out")) == 1


def test_tiff_gives_captions_and_not_its_layout(tmp_path, negative):
    source = put(tmp_path / "a.tif", tiffinfo={CAPTION: "Harbour"}, dpi=(72, 72))
    (written,) = translate(negative, [source], tmp_path / "out")
    with Image.open(written) as image:
        assert dict(image.getexif()) == {CAPTION: "Harbour"}


def test_pages_and_transparency_are_told(tmp_path, negative, capsys):
    pages = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    pages[0].save(tmp_path / "c.tif", save_all=True, append_images=pages[1:])
    Image.new("RGBA", (9, 9), (0, 0, 0, 128)).save(tmp_path / "d.png")
    Image.new("RGBA", (9, 9), (0, 0, 0, 255)).save(tmp_path / "opaque.png")
    translate(negative, [tmp_path], tmp_path / "out")
    said = capsys.readouterr().err
    assert "1 file has more than one frame or page" in said and "c.tif" in said
    assert "1 file has transparent parts: they are laid over white" in said and "d.png" in said
    translate(negative, [tmp_path / "opaque.png"], tmp_path / "other")
    assert capsys.readouterr().err == ""


# --- colour profiles ---


def display_p3() -> bytes:
    """The primaries of Display P3 with the curve of sRGB, written by hand (ICC.1, version 2)."""

    def fixed(value):
        return round(value * 65536).to_bytes(4, "big", signed=True)

    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(2.2 * 256).to_bytes(2, "big") + b"\0\0"
    name = b"Wide colours\0"
    described = b"desc\0\0\0\0" + len(name).to_bytes(4, "big") + name + bytes(78 + 12)
    tags = {
        b"desc": described + bytes(-len(described) % 4),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + (start + len(data)).to_bytes(4, "big") + len(value).to_bytes(4, "big")
        data += value
    body = len(tags).to_bytes(4, "big") + table + data
    header = (128 + len(body)).to_bytes(4, "big") + bytes(4) + b"\x02\x20\0\0mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + xyz(0.9642, 1.0, 0.8249)[8:]
    return header + bytes(128 - len(header)) + body


def test_wide_colours_become_srgb(tmp_path):
    """A green of half the way: its matrix to sRGB, worked out from the primaries of both."""
    colour = np.array([100, 180, 90])
    path = put(tmp_path / "a.png", tuple(colour.tolist()), icc_profile=display_p3())
    linear = (colour / 255) ** 2.2
    to_xyz = np.array(
        [[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]]
    )
    srgb = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    found = np.linalg.solve(srgb, to_xyz @ linear)
    encoded = np.where(found > 0.0031308, 1.055 * found ** (1 / 2.4) - 0.055, 12.92 * found)
    assert np.abs(encoded * 255 - colour).max() > 10
    np.testing.assert_allclose(read_image(path)[0, 0], encoded * 255, atol=1.5)
    grey = read_image(path, channels=1)[0, 0, 0]
    assert grey == pytest.approx(encoded @ [0.299, 0.587, 0.114] * 255, abs=1.5)


@pytest.mark.parametrize("profile", ["srgb", b"no profile", b""])
def test_srgb_and_unreadable_profiles_change_nothing(profile, tmp_path):
    if profile == "srgb":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = put(tmp_path / "plain.png", (100, 180, 90))
    path = put(tmp_path / "a.png", (100, 180, 90), icc_profile=profile)
    np.testing.assert_array_equal(read_image(path), read_image(plain))


def test_profiles_of_other_channels_change_nothing(tmp_path):
    Image.new("L", (5, 5), 90).save(tmp_path / "a.png", icc_profile=display_p3())
    assert np.all(read_image(tmp_path / "a.png") == 90)


def test_transparent_and_palette_pictures_take_their_profile(tmp_path):
    plain = put(tmp_path / "plain.png", (100, 180, 90), icc_profile=display_p3())
    expected = read_image(plain)
    with Image.open(plain) as image:
        image.convert("P", palette=Image.Palette.ADAPTIVE).save(
            tmp_path / "palette.png", icc_profile=display_p3()
        )
        image.convert("RGBA").save(tmp_path / "alpha.png", icc_profile=display_p3())
    for name in ("palette.png", "alpha.png"):
        np.testing.assert_allclose(read_image(tmp_path / name).astype(int), expected, atol=1)


def test_written_pictures_are_srgb(tmp_path, negative):
    source = put(tmp_path / "in" / "a.png", (100, 180, 90), icc_profile=display_p3())
    (written,) = translate(negative, [source], tmp_path / "out")
    with Image.open(io.BytesIO(written.read_bytes())) as image:
        assert "icc_profile" not in image.info
    np.testing.assert_array_equal(read_image(written), 255 - read_image(source))


def test_write_image_keeps_what_it_is_given(tmp_path):
    write_image(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), tags={"dpi": (150, 150)})
    assert read_tags(tmp_path / "a.png").dpi == pytest.approx((150, 150), abs=0.1)


# --- two images side by side ---


def halves(path, size=(24, 10)):
    """A file that is red on the left and blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste((0, 0, 255), (size[0] // 2, 0, *size))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


@pytest.mark.parametrize(("side", "made"), [("left", (0, 255, 255)), ("right", (255, 255, 0))])
def test_one_half_is_translated_alone(tmp_path, negative, side, made):
    halves(tmp_path / "in" / "a.png")
    (path,) = translate(negative, [tmp_path / "in"], tmp_path / "out", side=side)
    translated = read_image(path)
    assert translated.shape == (10, 12, 3) and np.all(translated == made)


def test_a_file_without_a_middle_is_named(tmp_path, negative):
    halves(tmp_path / "in" / "a.png")
    halves(tmp_path / "in" / "b.png", size=(25, 10))
    with pytest.raises(DataError, match=r"b\.png has an odd width of 25"):
        translate(negative, [tmp_path / "in"], tmp_path / "out", side="left")
    written = translate(negative, [tmp_path / "in"], tmp_path / "again", side="left", skip_bad=True)
    assert [path.name for path in written] == ["a.png"]


def test_files_that_may_be_pairs_are_named(tmp_path, negative, capsys):
    pair = halves(tmp_path / "a.png", size=(20, 10))
    whole = halves(tmp_path / "b.png", size=(24, 10))
    translate(negative, [pair, whole], tmp_path / "1", may_be_pairs=True)
    told = capsys.readouterr().err
    assert "1 file has the shape of two squares side by side" in told and "a.png" in told
    for options in ({}, {"may_be_pairs": True, "side": "left"}):
        translate(negative, [pair], tmp_path / f"{len(options)}-out", **options)
        assert "two squares" not in capsys.readouterr().err
