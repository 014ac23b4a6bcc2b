//! Drawings as SVG.

use std::fmt::{self, Write};

use super::drawing::{Anchor, Mark, Paint, RAISED, Step, Text};
use super::style::Color;

/// First the one that pictures in PNG have, then those as wide.
const FONTS: &str = "Roboto, Arial, Helvetica, 'Liberation Sans', sans-serif";

/// `write!` to a `String`, which cannot fail.
macro_rules! add {
    ($svg:expr, $($arguments:tt)*) => { _ = write!($svg, $($arguments)*) };
}

/// Writes the text of a picture: as text, or as the outlines of its letters.
pub(super) type WriteText = fn(&mut String, &Text);

pub(super) fn write(size: [f64; 2], title: &str, marks: &[Mark], text: WriteText) -> String {
    let [width, height] = size.map(Number);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FONTS}\" role=\"img\">\n"
    );
    if !title.is_empty() {
        add!(svg, "<title>{}</title>\n", Escaped(title));
    }
    add!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n");
    write_marks(&mut svg, marks, text);
    svg + "</svg>\n"
}

fn write_marks(svg: &mut String, marks: &[Mark], text: WriteText) {
    for mark in marks {
        match mark {
            Mark::Path { steps, paint } => {
                svg.push_str("<path d=\"");
                let mut dots = false;
                for step in steps {
                    write_step(svg, *step);
                    dots |= matches!(step, Step::Dot(..));
                }
                let caps = if dots { " stroke-linecap=\"round\"" } else { "" };
                add!(svg, "\"{}{caps}/>\n", Painted(paint));
            }
            Mark::Rectangle { x, y, width, height, radius, paint } => {
                let [x, y, width, height] = [*x, *y, *width, *height].map(Number);
                add!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
                if *radius > 0.0 {
                    add!(svg, " rx=\"{}\"", Number(*radius));
                }
                add!(svg, "{}/>\n", Painted(paint));
            }
            Mark::Circle { x, y, radius, paint } => {
                let [x, y, radius] = [*x, *y, *radius].map(Number);
                let paint = Painted(paint);
                add!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{paint}/>\n");
            }
            Mark::Text(mark) => text(svg, mark),
            Mark::Group { x, y, marks } => {
                add!(svg, "<g transform=\"translate({} {})\">\n", Number(*x), Number(*y));
                write_marks(svg, marks, text);
                svg.push_str("</g>\n");
            }
            // An SVG in the SVG shows nothing outside of it; a clip path would need a name, which another picture on the same page may have too.
            Mark::Window { x, y, width, height, marks } => {
                let [x, y, width, height] = [*x, *y, *width, *height].map(Number);
                add!(
                    svg,
                    "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\" overflow=\"hidden\">\n"
                );
                write_marks(svg, marks, text);
                svg.push_str("</svg>\n");
            }
        }
    }
}

fn write_step(svg: &mut String, step: Step) {
    match step {
        Step::Move(x, y) => add!(svg, "M{} {}", Number(x), Number(y)),
        Step::Line(x, y) => add!(svg, "L{} {}", Number(x), Number(y)),
        Step::Bend(points) => {
            let [a, b, x, y] = points.map(Number);
            add!(svg, "Q{a} {b} {x} {y}");
        }
        // A line of no length would have no direction.
        Step::Dot(x, y) => add!(svg, "M{} {}h.01", Number(x), Number(y)),
        Step::Close => svg.push('Z'),
    }
}

/// Text as text.
pub(super) fn write_text(svg: &mut String, text: &Text) {
    let Text { x, y, size, .. } = *text;
    let [px, py] = [x, y].map(Number);
    svg.push_str("<text");
    if text.upright {
        add!(svg, " transform=\"translate({px} {py}) rotate(-90)\"");
    } else {
        add!(svg, " x=\"{px}\" y=\"{py}\"");
    }
    add!(svg, " font-size=\"{}\"", Number(size));
    match text.anchor {
        Anchor::Start => {}
        Anchor::Middle => svg.push_str(" text-anchor=\"middle\""),
        Anchor::End => svg.push_str(" text-anchor=\"end\""),
    }
    if text.bold {
        svg.push_str(" font-weight=\"bold\"");
    }
    add!(svg, " fill=\"{}\"", Hex(text.color));
    if text.halo {
        add!(
            svg,
            " stroke=\"#fff\" stroke-width=\"{}\" stroke-linejoin=\"round\" paint-order=\"stroke\"",
            Number(HALO)
        );
    }
    add!(svg, ">{}", Escaped(&text.text));
    if !text.raised.is_empty() {
        let (smaller, up) = (Number(size * RAISED.0), Number(-size * RAISED.1));
        let raised = Escaped(&text.raised);
        add!(svg, "<tspan dy=\"{up}\" font-size=\"{smaller}\">{raised}</tspan>");
    }
    svg.push_str("</text>\n");
}

/// The width of the white line around letters, half of which is under them.
pub(super) const HALO: f64 = 3.0;

struct Painted<'a>(&'a Paint);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fill {
            Some(color) => {
                write!(formatter, " fill=\"{}\"", Hex(color))?;
                if color.opacity < 1.0 {
                    write!(formatter, " fill-opacity=\"{}\"", Number(color.opacity))?;
                }
            }
            None => formatter.write_str(" fill=\"none\"")?,
        }
        if let Some(stroke) = self.0.stroke {
            let width = Number(stroke.width);
            write!(formatter, " stroke=\"{}\" stroke-width=\"{width}\"", Hex(stroke.color))?;
            if stroke.color.opacity < 1.0 {
                write!(formatter, " stroke-opacity=\"{}\"", Number(stroke.color.opacity))?;
            }
            formatter.write_str(" stroke-linejoin=\"round\"")?;
            if let Some(dashes) = stroke.dashes {
                write!(formatter, " stroke-dasharray=\"{dashes}\"")?;
            }
        }
        Ok(())
    }
}

/// A colour as SVG writes it, without its opacity.
pub(super) struct Hex(pub(super) Color);

impl fmt::Display for Hex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{:06x}", self.0.rgb)
    }
}

/// A coordinate, to a hundredth of a pixel. One that is no number, or is far off, stands at an end: no picture is broken by it.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FAR: f64 = 1e6;
        let value = if self.0.is_nan() { 0.0 } else { self.0.clamp(-FAR, FAR) };
        let hundredths = (value * 100.0).round() as i64;
        let sign = if hundredths < 0 { "-" } else { "" };
        let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
        match rest {
            0 => write!(formatter, "{sign}{whole}"),
            rest if rest % 10 == 0 => write!(formatter, "{sign}{whole}.{}", rest / 10),
            rest => write!(formatter, "{sign}{whole}.{rest:02}"),
        }
    }
}

/// Text in which nothing is taken for a tag, and without the control characters that XML does not allow.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\t' | '\n' | '\r' => formatter.write_char(' ')?,
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => formatter.write_char('\u{fffd}')?,
                letter => formatter.write_char(letter)?,
            }
        }
        Ok(())
    }
}
