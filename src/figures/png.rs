//! Pictures as PNG: the same SVG, its text as outlines of letters, drawn by resvg. No font of the machine is asked for.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::drawing::{Anchor, RAISED, Text};
use super::style::Color;
use super::svg::{HALO, Hex, Number};

/// Pixels of the PNG for one of the SVG: sharp on a screen with small pixels, and on paper.
const SCALE: f32 = 2.0;

/// The most pixels in a direction: 64 MiB of memory in a square.
const MOST: f32 = 4096.0;

/// The picture, drawn.
pub(super) fn render(svg: &str) -> Result<Vec<u8>, String> {
    let tree = Tree::from_str(svg, &Options::default()).map_err(|error| error.to_string())?;
    let size = tree.size();
    let scale = SCALE.min(MOST / size.width()).min(MOST / size.height());
    let pixels = |length: f32| (length * scale).ceil().max(1.0) as u32;
    let mut pixmap = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or("there is no memory for it")?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| error.to_string())
}

/// A letter: its width in thousandths of the size, and its outline.
type Glyph = (f64, &'static str);

fn glyphs() -> &'static BTreeMap<char, Glyph> {
    static GLYPHS: OnceLock<BTreeMap<char, Glyph>> = OnceLock::new();
    GLYPHS.get_or_init(|| {
        let lines = include_str!("roboto/glyphs.txt").lines();
        let glyph = |line: &'static str| {
            let mut parts = line.splitn(3, ' ');
            let letter = char::from_u32(u32::from_str_radix(parts.next()?, 16).ok()?)?;
            Some((letter, (parts.next()?.parse().ok()?, parts.next().unwrap_or(""))))
        };
        lines.filter_map(glyph).collect()
    })
}

/// A letter that is not there: an empty box.
const MISSING: [Glyph; 2] = [
    (600.0, "M80 0V-700H520V0ZM130 -50H470V-650H130Z"),
    (1000.0, "M80 0V-700H920V0ZM130 -50H870V-650H130Z"),
];

fn glyph(letter: char) -> Glyph {
    let missing = MISSING[usize::from(letter >= '\u{1100}')];
    let letter = if letter.is_control() { '\u{fffd}' } else { letter };
    glyphs().get(&letter).copied().unwrap_or(missing)
}

/// Text as outlines.
pub(super) fn write_text(svg: &mut String, text: &Text) {
    let scale = text.size / 1000.0;
    let width = |text: &str| text.chars().map(|letter| glyph(letter).0).sum::<f64>();
    let whole = scale * (width(&text.text) + RAISED.0 * width(&text.raised));
    let turn = if text.upright { " rotate(-90)" } else { "" };
    let [x, y] = [text.x, text.y].map(Number);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -whole / 2.0,
        Anchor::End => -whole,
    };
    let raised = (text.raised.as_str(), scale * RAISED.0, -text.size * RAISED.1);
    let mut letters = |color: Color, stroke: Option<f64>| {
        let color = Hex(color);
        _ = write!(svg, "<g transform=\"translate({x} {y}){turn}\" fill=\"{color}\"");
        if stroke.is_some() {
            _ = write!(svg, " stroke=\"{color}\" stroke-linejoin=\"round\"");
        }
        svg.push_str(">\n");
        let mut x = start;
        for (letters, scale, y) in [(text.text.as_str(), scale, 0.0), raised] {
            for (width, outline) in letters.chars().map(glyph) {
                if !outline.is_empty() {
                    let [x, y] = [x, y].map(Number);
                    _ = write!(svg, "<path transform=\"translate({x} {y}) scale({scale:.5})\"");
                    if let Some(stroke) = stroke {
                        _ = write!(svg, " stroke-width=\"{}\"", Number(stroke / scale));
                    }
                    _ = writeln!(svg, " d=\"{outline}\"/>");
                }
                x += scale * width;
            }
        }
        svg.push_str("</g>\n");
    };
    if text.halo {
        letters(Color::WHITE, Some(HALO));
    }
    letters(text.color, text.bold.then_some(text.size / 36.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_letter() {
        let lines = include_str!("roboto/glyphs.txt").lines();
        assert_eq!(glyphs().len(), lines.count());
        for letter in (' '..='~').chain("äßçžÆñλΩДя×−²⁻≤…µ".chars()) {
            let (width, outline) = glyphs()[&letter];
            assert!((100.0..1200.0).contains(&width), "{letter}");
            assert!(
                letter == ' ' || outline.starts_with('M') && outline.ends_with('Z'),
                "{letter}"
            );
        }
    }

    #[test]
    fn letters_are_drawn() {
        let svg = |text: &str| {
            let mut svg = String::from(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\">",
            );
            write_text(&mut svg, &Text::new(2.0, 15.0, 12.0, text).raised("2").halo());
            svg + "</svg>"
        };
        let pixels = |text: &str| {
            let image = Pixmap::decode_png(&render(&svg(text)).unwrap()).unwrap();
            assert_eq!([image.width(), image.height()], [80, 40]);
            image.pixels().iter().filter(|pixel| pixel.alpha() > 0 && pixel.red() < 128).count()
        };
        let [i, w, missing] = ["i", "W", "\u{4e2d}"].map(pixels);
        assert!(i > 20 && w > i + 40 && missing > i, "{i} {w} {missing}");
        let wide = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100000\" height=\"10\"/>";
        let image = Pixmap::decode_png(&render(wide).unwrap()).unwrap();
        assert_eq!([image.width(), image.height()], [4096, 1]);
        assert!(render("<svg").is_err());
    }
}
