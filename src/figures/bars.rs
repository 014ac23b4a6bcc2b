//! Bars with names.

use super::Figure;
use super::drawing::{Anchor, Drawing, Paint, Stroke, Text, line_height};
use super::scale::{Scale, short};
use super::style::{Color, NAME, PALETTE, SMALL, TITLE};
use super::text;

/// Numbers with names, as bars one under the other, as [`Figure`].
///
/// ```
/// use axonal::figures::Bars;
///
/// let figure = Bars::new("recall").bar("cat", 0.9).bar_with_error("dog", 0.8, 0.05).figure();
/// assert!(figure.to_svg().contains("0.9"));
/// ```
///
/// A number that is NaN or infinite has no bar, and says so. Of more than 60 the first 60 are shown, and a line says how many there are more.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Bars {
    title: String,
    bars: Vec<(String, f64, Option<f64>)>,
}

/// More are not shown.
const MOST: usize = 60;

impl Bars {
    /// No bars yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), bars: Vec::new() }
    }

    /// One more.
    pub fn bar(mut self, name: impl Into<String>, value: f64) -> Self {
        self.bars.push((name.into(), value, None));
        self
    }

    /// One more, with a line for its error on both sides of its end.
    pub fn bar_with_error(mut self, name: impl Into<String>, value: f64, error: f64) -> Self {
        self.bars.push((name.into(), value, Some(error)));
        self
    }

    /// The picture.
    pub fn figure(&self) -> Figure {
        const EDGE: f64 = 10.0;
        const ROW: f64 = 20.0;
        const WIDTH: f64 = 440.0;
        let shown = &self.bars[..self.bars.len().min(MOST)];
        let mut drawing = Drawing::default();
        let title = text::wrap(&self.title, TITLE, WIDTH - 2.0 * EDGE);
        let like = Text::new(WIDTH / 2.0, EDGE + TITLE - 2.0, TITLE, "").anchor(Anchor::Middle);
        drawing.paragraph(&title, &like.bold());
        let top = EDGE + title.len() as f64 * line_height(TITLE) + 2.0;
        let cut = |(name, ..): &(String, f64, Option<f64>)| text::cut(name, SMALL, 160.0);
        let names: Vec<_> = shown.iter().map(cut).collect();
        let left = EDGE + text::widest(names.iter().map(String::as_str), SMALL) + 8.0;
        let labels: Vec<_> = shown.iter().map(|(_, value, _)| short(*value)).collect();
        let widest = text::widest(labels.iter().map(String::as_str), SMALL);
        let right = WIDTH - EDGE - widest - 8.0;
        let ends = shown.iter().flat_map(|(_, value, error)| {
            let error = error.filter(|error| error.is_finite()).unwrap_or(0.0);
            [value - error, value + error]
        });
        let finite = ends.chain([0.0]).filter(|value| value.is_finite());
        let (low, high) =
            finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let scale = Scale::from_to(low, high, false);
        let place = |value: f64| scale.share(value).map(|share| left + share * (right - left));
        let zero = place(0.0).unwrap_or(left);
        for (index, (name, (_, value, error))) in names.iter().zip(shown).enumerate() {
            let middle = top + (index as f64 + 0.5) * ROW;
            let text = Text::new(left - 6.0, middle + 4.0, SMALL, name.clone());
            drawing.text(text.anchor(Anchor::End));
            let Some(end) = place(*value) else {
                let note = Text::new(zero + 6.0, middle + 4.0, SMALL, labels[index].clone());
                drawing.text(note.color(Color::GREY));
                continue;
            };
            let color = if *value < 0.0 { PALETTE[1] } else { PALETTE[0] };
            let at = [end.min(zero), middle - ROW * 0.33];
            drawing.rectangle(at, [(end - zero).abs(), ROW * 0.66], 0.0, Paint::fill(color));
            let mut last = end.max(zero);
            let around =
                error.and_then(|error| Some((place(value - error)?, place(value + error)?)));
            if let Some((from, to)) = around {
                let stroke = Stroke::new(Color::INK, 1.0);
                drawing.line(&[[from, middle], [to, middle]], stroke);
                for x in [from, to] {
                    drawing.line(&[[x, middle - 3.0], [x, middle + 3.0]], stroke);
                }
                last = last.max(from).max(to);
            }
            drawing.text(Text::new(last + 5.0, middle + 4.0, SMALL, labels[index].clone()));
        }
        let mut bottom = top + ROW * shown.len() as f64;
        if shown.is_empty() {
            bottom += 2.0 * ROW;
            let note = Text::new(WIDTH / 2.0, top + ROW, NAME, "no data").color(Color::GREY);
            drawing.text(note.anchor(Anchor::Middle));
        } else {
            drawing.line(&[[zero, top], [zero, bottom]], Stroke::new(Color::GREY, 1.0));
        }
        let more = self.bars.len() - shown.len();
        if more > 0 {
            bottom += ROW;
            let note = Text::new(left, bottom - 5.0, SMALL, format!("and {more} more"));
            drawing.text(note.color(Color::GREY));
        }
        Figure::new([WIDTH, bottom + EDGE], &self.title, drawing)
    }
}
