"""Makes docs/pictures.jpg, the picture of the README, from pictures that the cards show.

Run: python -m tools.readme_picture
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures.jpg"
HEIGHT, GAP = 192, 8
# Each part: the card's picture, and the box of it that is shown.
ROWS = (
    (
        ("paired/pix2pix/pictures_paper_256.jpg", (0, 256, 768, 512)),
        ("paired/bicyclegan/pictures.jpg", (0, 0, 256, 192)),
    ),
    (
        ("multidomain/stargan/pictures_icon_weights.jpg", (0, 0, 320, 192)),
        ("generation/acgan/pictures.jpg", (0, 0, 512, 192)),
    ),
)


def readme_picture() -> Image.Image:
    """Both rows, one below the other, on white."""
    rows = [_beside([_part(name, box) for name, box in row]) for row in ROWS]
    whole = Image.new("RGB", (max(row.width for row in rows), 2 * HEIGHT + GAP), "white")
    for number, row in enumerate(rows):
        whole.paste(row, (0, number * (HEIGHT + GAP)))
    return whole


def _part(name: str, box: tuple[int, int, int, int]) -> Image.Image:
    with Image.open(ROOT / "zoo" / name) as picture:
        part = picture.convert("RGB").crop(box)
    width = round(part.width * HEIGHT / part.height)
    return part.resize((width, HEIGHT), Image.Resampling.LANCZOS)


def _beside(parts: list[Image.Image]) -> Image.Image:
    row = Image.new("RGB", (sum(p.width for p in parts) + GAP * (len(parts) - 1), HEIGHT), "white")
    left = 0
    for part in parts:
        row.paste(part, (left, 0))
        left += part.width + GAP
    return row


if __name__ == "__main__":
    readme_picture().save(PICTURE, quality=90)
