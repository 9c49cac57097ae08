"""Draws photos as a contact sheet, worst first, each with its score.

    python tools/make_contact_sheet.py PHOTO... --out docs/default/sheet.jpg

Only photos that may be shown; who made them is said beside the sheet.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from musiq.errors import ImageError
from musiq.image import load_image
from musiq.progress import progress_bar
from musiq.scorer import Scorer

COLUMNS, CELL_PX, LINE_PX, GAP_PX = 6, (260, 195), 24, 8


def draw_sheet(photos: list[tuple[float, str, Image.Image]]) -> Image.Image:
    """The photos in the order of their scores, from the top left; a line under each."""
    rows = -(-len(photos) // COLUMNS)
    width, height = CELL_PX[0] + GAP_PX, CELL_PX[1] + LINE_PX + GAP_PX
    sheet = Image.new("RGB", (COLUMNS * width + GAP_PX, rows * height + GAP_PX), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for index, (_, line, photo) in enumerate(sorted(photos, key=lambda one: one[0])):
        left, top = GAP_PX + index % COLUMNS * width, GAP_PX + index // COLUMNS * height
        sheet.paste(ImageOps.pad(photo, CELL_PX, Image.Resampling.LANCZOS, "white"), (left, top))
        pen.text((left, top + CELL_PX[1] + 3), line, "black", font)
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    scorer, photos = Scorer.load(options.checkpoint), list[tuple[float, str, Image.Image]]()
    with progress_bar("scoring", len(options.photos)) as advance:
        for path, score in zip(options.photos, scorer.score_many(options.photos), strict=True):
            if isinstance(score, ImageError):
                raise score
            line = f"{score.mos:.0f}  {score.band or ''}  {path.stem}"
            photos.append((score.mos, line[:34], Image.fromarray(load_image(path).pixels)))
            advance(path.name)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet(photos).save(options.out, quality=85)


if __name__ == "__main__":
    main()
