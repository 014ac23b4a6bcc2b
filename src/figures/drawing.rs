//! What pictures are made of: lines, boxes, dots, text.

use super::style::Color;
use super::text;

/// The line around something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub(super) color: Color,
    pub(super) width: f64,
    pub(super) dashes: Option<&'static str>,
}

impl Stroke {
    pub(crate) const fn new(color: Color, width: f64) -> Self {
        Self { color, width, dashes: None }
    }

    pub(crate) const fn dashed(self) -> Self {
        Self { dashes: Some("5 4"), ..self }
    }
}

/// How a form is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Paint {
    pub(super) fill: Option<Color>,
    pub(super) stroke: Option<Stroke>,
}

impl Paint {
    pub(crate) const fn fill(color: Color) -> Self {
        Self { fill: Some(color), stroke: None }
    }

    pub(crate) const fn stroke(stroke: Stroke) -> Self {
        Self { fill: None, stroke: Some(stroke) }
    }

    pub(crate) const fn and_stroke(self, stroke: Stroke) -> Self {
        Self { stroke: Some(stroke), ..self }
    }
}

/// A step of the way of a pen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Move(f64, f64),
    Line(f64, f64),
    /// To the second point, bent towards the first one (a quadratic Bézier curve).
    Bend([f64; 4]),
    /// A dot as wide as the line.
    Dot(f64, f64),
    Close,
}

/// Which point of a text stands where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(super) x: f64,
    /// Of the baseline.
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) color: Color,
    pub(super) text: String,
    /// Small, above the end of the text: an exponent.
    pub(super) raised: String,
    /// From the bottom up.
    pub(super) upright: bool,
    /// With white around, where lines may be behind it.
    pub(super) halo: bool,
    pub(super) bold: bool,
}

impl Text {
    pub(crate) fn new(x: f64, y: f64, size: f64, text: impl Into<String>) -> Self {
        Self {
            x,
            y,
            size,
            anchor: Anchor::Start,
            color: Color::INK,
            text: text.into(),
            raised: String::new(),
            upright: false,
            halo: false,
            bold: false,
        }
    }

    pub(crate) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(crate) fn raised(self, raised: impl Into<String>) -> Self {
        Self { raised: raised.into(), ..self }
    }

    pub(crate) fn upright(self) -> Self {
        Self { upright: true, ..self }
    }

    pub(crate) fn halo(self) -> Self {
        Self { halo: true, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// How much smaller a raised text is, and how far up it stands, in shares of the size of the text before it.
pub(super) const RAISED: (f64, f64) = (0.72, 0.38);

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Path {
        steps: Vec<Step>,
        paint: Paint,
    },
    Rectangle {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        radius: f64,
        paint: Paint,
    },
    Circle {
        x: f64,
        y: f64,
        radius: f64,
        paint: Paint,
    },
    Text(Text),
    /// Marks that are moved together.
    Group {
        x: f64,
        y: f64,
        marks: Vec<Mark>,
    },
    /// Marks of which what stands in a rectangle is seen.
    Window {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        marks: Vec<Mark>,
    },
}

/// Marks, the last on top.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawing {
    pub(super) marks: Vec<Mark>,
}

impl Drawing {
    pub(crate) fn path(&mut self, steps: Vec<Step>, paint: Paint) {
        if !steps.is_empty() {
            self.marks.push(Mark::Path { steps, paint });
        }
    }

    /// Straight from point to point.
    pub(crate) fn line(&mut self, points: &[[f64; 2]], stroke: Stroke) {
        let steps = points.iter().enumerate().map(|(index, [x, y])| match index {
            0 => Step::Move(*x, *y),
            _ => Step::Line(*x, *y),
        });
        self.path(steps.collect(), Paint::stroke(stroke));
    }

    /// At `at` is its upper left corner.
    pub(crate) fn rectangle(&mut self, at: [f64; 2], size: [f64; 2], radius: f64, paint: Paint) {
        let ([x, y], [width, height]) = (at, size);
        self.marks.push(Mark::Rectangle { x, y, width, height, radius, paint });
    }

    pub(crate) fn circle(&mut self, [x, y]: [f64; 2], radius: f64, paint: Paint) {
        self.marks.push(Mark::Circle { x, y, radius, paint });
    }

    pub(crate) fn text(&mut self, text: Text) {
        if !text.text.is_empty() || !text.raised.is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }

    /// Lines of text, the first with its baseline at `y`; how far down the next one would stand.
    pub(crate) fn paragraph(&mut self, lines: &[String], like: &Text) -> f64 {
        let mut y = like.y;
        for line in lines {
            self.text(Text { text: line.clone(), y, ..like.clone() });
            y += line_height(like.size);
        }
        y
    }

    /// What another drawing shows, in a rectangle alone.
    pub(crate) fn window(&mut self, at: [f64; 2], size: [f64; 2], drawing: Self) {
        let ([x, y], [width, height]) = (at, size);
        if !drawing.marks.is_empty() {
            self.marks.push(Mark::Window { x, y, width, height, marks: drawing.marks });
        }
    }

    /// What another drawing shows, moved.
    pub(crate) fn group(&mut self, [x, y]: [f64; 2], drawing: Self) {
        if !drawing.marks.is_empty() {
            self.marks.push(Mark::Group { x, y, marks: drawing.marks });
        }
    }
}

/// From one baseline to the next.
pub(crate) fn line_height(size: f64) -> f64 {
    (1.3 * size).round()
}

/// The width to keep free for a text with something raised at its end.
pub(crate) fn raised_width(text: &str, raised: &str, size: f64) -> f64 {
    text::width(text, size) + text::width(raised, size * RAISED.0)
}
