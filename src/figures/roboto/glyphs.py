"""Writes glyphs.txt and the table of widths in ../text.rs's form: the outlines of Roboto Regular, and how wide letters are at most.

    python glyphs.py Roboto-Regular.ttf Arimo-Regular.ttf

Needs fonttools. Roboto 2.138 is Apache-2.0 (https://github.com/googlefonts/roboto, release v2.138); Arimo, whose widths are Arial's and Helvetica's, is measured and
not copied.
"""

import sys
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x384, 0x3CE),
    (0x401, 0x45F),
    (0x2010, 0x2026),
    (0x2070, 0x209C),
]
SINGLE = "€ℓ™∂∆∏∑−√∞∫≈≠≤≥◊Ω"

roboto, arimo = (TTFont(path) for path in sys.argv[1:3])
glyphs, names = roboto.getGlyphSet(), roboto.getBestCmap()
scale = 1000 / roboto["head"].unitsPerEm
points = sorted({point for first, last in RANGES for point in range(first, last + 1)} | {ord(letter) for letter in SINGLE})
lines = []
for point in points:
    if point not in names:
        continue
    pen = SVGPathPen(glyphs, ntos=lambda number: str(round(number)))
    glyph = glyphs[names[point]]
    glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, 0, 0)))
    lines.append(f"{point:x} {round(glyph.width * scale)} {pen.getCommands()}".rstrip())
Path(__file__).with_name("glyphs.txt").write_text("\n".join(lines) + "\n")


def width(font, point):
    return font["hmtx"][font.getBestCmap()[point]][0] / font["head"].unitsPerEm


widths = [max(round(100 * width(font, point) + 0.49) for font in (roboto, arimo)) for point in range(0x20, 0x7F)]
print(", ".join(map(str, widths)))
