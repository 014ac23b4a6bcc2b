//! Curves, points and steps on two axes.

use super::Figure;
use super::drawing::{Anchor, Drawing, Paint, Step, Stroke, Text, line_height, raised_width};
use super::scale::{Scale, Tick};
use super::series;
use super::style::{Color, NAME, SMALL, TITLE, color};
use super::text;

/// Curves and points on two axes with ticks at 1, 2 or 5 times a power of 10, as [`Figure`].
///
/// ```
/// use axonal::figures::Plot;
///
/// let rate = |step: i32| 10_f64.powi(step - 5);
/// let loss = [2.30, 2.28, 1.90, 0.80, 1.70, f64::NAN];
/// let figure = Plot::new("learning rate", "loss")
///     .title("Which learning rate?")
///     .log_x()
///     .line("loss", (0..).map(rate).zip(loss))
///     .mark(1e-3, 0.8, "0.001")
///     .figure();
/// assert!(!figure.to_svg().contains("NaN"));
/// ```
///
/// An axis spans what is drawn, unless a range is given. NaN and infinity leave gaps, and so does what is not positive on a logarithmic axis. Of many points,
/// as many are kept as can be seen.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Plot {
    x: Axis,
    y: Axis,
    title: String,
    size: [f64; 2],
    series: Vec<Series>,
    marks: Vec<([f64; 2], String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Axis {
    name: String,
    log: bool,
    whole: bool,
    range: Option<[f64; 2]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Series {
    name: String,
    kind: Kind,
    /// Of the palette; none for a guide.
    color: Option<usize>,
    /// The same again, where a kind needs two points for each.
    points: Vec<[f64; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Line,
    Points,
    /// Two points in turn: (x, low), (x, high).
    Band,
    /// Two points in turn: (left, 0), (right, height).
    Bars,
    Guide,
}

impl Plot {
    /// Axes with their names.
    pub fn new(x: impl Into<String>, y: impl Into<String>) -> Self {
        let axis = |name| Axis { name, ..Axis::default() };
        Self {
            x: axis(x.into()),
            y: axis(y.into()),
            title: String::new(),
            size: [440.0, 300.0],
            series: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// What stands above.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// The whole picture's width and height in pixels; 440 and 300 if not set, at least 160 and 120.
    pub fn size(self, width: f64, height: f64) -> Self {
        let at_least = |length: f64, least: f64| if length >= least { length } else { least };
        Self { size: [at_least(width, 160.0), at_least(height, 120.0)], ..self }
    }

    /// A logarithmic horizontal axis.
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// A logarithmic vertical axis.
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// A horizontal axis that counts something, as epochs: ticks stand at whole numbers.
    pub fn whole_x(mut self) -> Self {
        self.x.whole = true;
        self
    }

    /// The ends of the horizontal axis; what is outside is not seen.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x.range = Some([low, high]);
        self
    }

    /// The ends of the vertical axis; what is outside is not seen.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y.range = Some([low, high]);
        self
    }

    /// A line from point to point, in the next colour. The name stands in the legend, unless it is empty.
    pub fn line(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.series(name, Kind::Line, points.into_iter().map(|(x, y)| [x, y]))
    }

    /// Dots, in the next colour. The name stands in the legend, unless it is empty.
    pub fn points(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.series(name, Kind::Points, points.into_iter().map(|(x, y)| [x, y]))
    }

    /// What is between two curves, (x, low, high), in a light tint of the colour of the next series, which is drawn on it: a mean and its deviation.
    pub fn band(mut self, points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let color = Some(self.next_color());
        let points = points.into_iter().flat_map(|(x, low, high)| [[x, low], [x, high]]);
        let points = points.collect();
        self.series.push(Series { name: String::new(), kind: Kind::Band, color, points });
        self
    }

    /// Bars that stand on 0, (left, right, height), in the next colour. The name stands in the legend, unless it is empty.
    pub fn bars(
        self,
        name: impl Into<String>,
        bars: impl IntoIterator<Item = (f64, f64, f64)>,
    ) -> Self {
        let corners = bars.into_iter().flat_map(|(left, right, y)| [[left, 0.0], [right, y]]);
        self.series(name, Kind::Bars, corners)
    }

    /// A dashed grey line, which explains: what chance gives, or the best one could have. The name stands in the legend, unless it is empty.
    pub fn guide(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let points = points.into_iter().map(|(x, y)| [x, y]).collect();
        self.series.push(Series { name: name.into(), kind: Kind::Guide, color: None, points });
        self
    }

    /// A ring around a point, and what to say of it. A point that is NaN or infinite is not marked.
    pub fn mark(mut self, x: f64, y: f64, label: impl Into<String>) -> Self {
        self.marks.push(([x, y], label.into()));
        self
    }

    fn series(
        mut self,
        name: impl Into<String>,
        kind: Kind,
        points: impl Iterator<Item = [f64; 2]>,
    ) -> Self {
        let color = Some(self.next_color());
        self.series.push(Series { name: name.into(), kind, color, points: points.collect() });
        self
    }

    fn next_color(&self) -> usize {
        let colored = self.series.iter().filter(|of| !matches!(of.kind, Kind::Guide | Kind::Band));
        colored.count()
    }

    /// The picture.
    pub fn figure(&self) -> Figure {
        Layout::new(self).draw()
    }
}

/// From the edges of the picture to what stands in it.
const EDGE: f64 = 10.0;

/// How high what stands under the horizontal axis is.
fn under(plot: &Plot) -> f64 {
    let name = if plot.x.name.is_empty() { 0.0 } else { line_height(NAME) + 2.0 };
    name + line_height(SMALL) + 2.0
}

/// Where everything stands.
struct Layout<'a> {
    plot: &'a Plot,
    x: Scale,
    y: Scale,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    title: Vec<String>,
    legend: Vec<Entry<'a>>,
    /// The corners of the area with the data.
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// A name in the legend, and where its sign begins.
struct Entry<'a> {
    series: &'a Series,
    name: String,
    at: [f64; 2],
}

impl<'a> Layout<'a> {
    fn new(plot: &'a Plot) -> Self {
        let [width, height] = plot.size;
        let scale = |axis: &Axis, index: usize| match axis.range {
            Some([low, high]) => Scale::from_to(low, high, axis.log),
            None => {
                let points = plot.series.iter().flat_map(|series| &series.points);
                let marks = plot.marks.iter().map(|(point, _)| point);
                Scale::of(points.chain(marks).map(|point| point[index]), axis.log)
            }
        };
        let (x, y) = (scale(&plot.x, 0), scale(&plot.y, 1));
        let title = text::wrap(&plot.title, TITLE, width - 2.0 * EDGE);
        let mut top = EDGE + title.len() as f64 * line_height(TITLE);
        let mut bottom = height - EDGE - under(plot);
        // Labels of the vertical axis, whose number the height decides.
        let about = ((bottom - top) / 36.0) as usize;
        let y_ticks = y.ticks(about.clamp(2, 8), plot.y.whole);
        let widest = y_ticks.iter().map(tick_width).fold(0.0, f64::max);
        let beside = if plot.y.name.is_empty() { 0.0 } else { line_height(NAME) + 4.0 };
        let left = EDGE + beside + widest + 7.0;
        let mut right = width - EDGE - 4.0;
        let fits = |ticks: &[Tick], width: f64| {
            ticks.windows(2).all(|pair| {
                let room = (pair[1].share - pair[0].share) * width;
                (tick_width(&pair[0]) + tick_width(&pair[1])) / 2.0 + 8.0 <= room
            })
        };
        let tick_sets = (2..=10).rev().map(|most| x.ticks(most, plot.x.whole));
        let mut x_ticks = Vec::new();
        for ticks in tick_sets {
            x_ticks = ticks;
            if fits(&x_ticks, right - left) {
                break;
            }
        }
        // Of those that do not fit at all, the first and the last.
        if !fits(&x_ticks, right - left) && x_ticks.len() > 2 {
            x_ticks.drain(1..x_ticks.len() - 1);
        }
        if !fits(&x_ticks, right - left) {
            x_ticks.truncate(1);
        }
        if let Some(last) = x_ticks.last() {
            let over = left + last.share * (right - left) + tick_width(last) / 2.0 - width + 4.0;
            right -= over.max(0.0);
        }
        let legend = legend(plot, left, right, top);
        if let Some(last) = legend.last() {
            top = last.at[1] + 10.0;
        }
        top += 4.0;
        bottom = bottom.max(top + 20.0);
        Self { plot, x, y, x_ticks, y_ticks, title, legend, left, top, right, bottom }
    }

    /// Where a point of the data stands, if it can.
    fn place(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let (x, y) = (self.x.share(x)?, self.y.share(y)?);
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        Some([self.left + x * width, self.bottom - y * height])
    }

    fn draw(&self) -> Figure {
        let Self { plot, left, top, right, bottom, .. } = *self;
        let mut drawing = Drawing::default();
        let middle = f64::midpoint(left, right);
        let title = Text::new(plot.size[0] / 2.0, EDGE + TITLE - 2.0, TITLE, "");
        drawing.paragraph(&self.title, &title.anchor(Anchor::Middle).bold());
        self.draw_axes(&mut drawing, middle);
        let mut seen = Drawing::default();
        let (mut dots, mut any) = (Vec::new(), false);
        for series in &plot.series {
            any |= self.draw_series(&mut seen, series, &mut dots);
        }
        if !any {
            let at = (middle, f64::midpoint(top, bottom));
            let note = Text::new(at.0, at.1, NAME, "no data").color(Color::GREY);
            drawing.text(note.anchor(Anchor::Middle).halo());
        }
        // Half of a line, or a dot, at the very edge is seen.
        let at = [left - 4.0, top - 4.0];
        drawing.window(at, [right - left + 8.0, bottom - top + 8.0], seen);
        let axes = [[left, top], [left, bottom], [right, bottom]];
        drawing.line(&axes, Stroke::new(Color::GREY, 1.0));
        self.draw_marks(&mut drawing, &dots);
        for Entry { series, name, at: [x, y] } in &self.legend {
            draw_sign(&mut drawing, series, [*x, *y - 4.0]);
            drawing.text(Text::new(x + SIGN + 6.0, *y, SMALL, name.clone()));
        }
        let height = plot.size[1].max(bottom + under(plot) + EDGE);
        Figure::new([plot.size[0], height], &plot.title, drawing)
    }

    fn draw_axes(&self, drawing: &mut Drawing, middle: f64) {
        let Self { plot, left, top, right, bottom, .. } = *self;
        let tick = Stroke::new(Color::GREY, 1.0);
        for Tick { share, text, exponent } in &self.x_ticks {
            let x = left + share * (right - left);
            drawing.line(&[[x, top], [x, bottom]], Stroke::new(Color::GRID, 1.0));
            drawing.line(&[[x, bottom], [x, bottom + 3.0]], tick);
            let text = Text::new(x, bottom + SMALL + 4.0, SMALL, text.clone());
            drawing.text(text.raised(exponent.clone()).anchor(Anchor::Middle));
        }
        for Tick { share, text, exponent } in &self.y_ticks {
            let y = bottom - share * (bottom - top);
            drawing.line(&[[left, y], [right, y]], Stroke::new(Color::GRID, 1.0));
            drawing.line(&[[left - 3.0, y], [left, y]], tick);
            let text = Text::new(left - 6.0, y + 4.0, SMALL, text.clone());
            drawing.text(text.raised(exponent.clone()).anchor(Anchor::End));
        }
        let name = text::cut(&plot.x.name, NAME, right - left);
        let y = bottom + line_height(SMALL) + NAME + 4.0;
        drawing.text(Text::new(middle, y, NAME, name).anchor(Anchor::Middle));
        let name = text::cut(&plot.y.name, NAME, bottom - top);
        let y = f64::midpoint(top, bottom);
        drawing.text(Text::new(EDGE + NAME - 1.0, y, NAME, name).anchor(Anchor::Middle).upright());
    }

    /// Draws a series, adds what a label should not stand on, and says whether there was anything.
    fn draw_series(
        &self,
        drawing: &mut Drawing,
        series: &Series,
        dots: &mut Vec<[f64; 2]>,
    ) -> bool {
        let color = series.color.map_or(Color::GREY, color);
        let places = series.points.iter().map(|point| self.place(*point));
        let mut any = false;
        match series.kind {
            Kind::Line | Kind::Guide => {
                let steps = series::line(places);
                any = !steps.is_empty();
                let stroke = match series.kind {
                    Kind::Guide => Stroke::new(color, 1.0).dashed(),
                    _ => Stroke::new(color, 1.75),
                };
                add_places(dots, &steps);
                // A dot is as wide as its line: one alone is seen better if it is wider.
                let alone = steps.iter().filter(|step| matches!(step, Step::Dot(..)));
                let alone: Vec<_> = alone.copied().collect();
                drawing.path(steps, Paint::stroke(stroke));
                drawing.path(alone, Paint::stroke(Stroke::new(color, 5.0)));
            }
            Kind::Points => {
                let steps = series::dots(places.flatten());
                any = !steps.is_empty();
                let many = steps.len() > 300;
                let opacity = if many { 0.55 } else { 0.85 };
                add_places(dots, &steps);
                let width = if many { 3.5 } else { 5.0 };
                let stroke = Stroke::new(color.with_opacity(opacity), width);
                drawing.path(steps, Paint::stroke(stroke));
            }
            Kind::Band => {
                let points: Vec<_> = places.collect();
                for run in points
                    .chunks_exact(2)
                    .collect::<Vec<_>>()
                    .split(|pair| pair.iter().any(Option::is_none))
                {
                    let side = |index: usize| {
                        series::line(run.iter().map(move |pair| pair[index]))
                            .into_iter()
                            .filter(|step| !matches!(step, Step::Dot(..)))
                    };
                    let mut steps: Vec<_> = side(0).collect();
                    let back: Vec<_> = side(1).collect();
                    steps.extend(back.into_iter().rev().map(|step| match step {
                        Step::Move(x, y) => Step::Line(x, y),
                        step => step,
                    }));
                    if steps.len() > 2 {
                        any = true;
                        steps.push(Step::Close);
                        drawing.path(steps, Paint::fill(color.with_opacity(0.18)));
                    }
                }
            }
            Kind::Bars => {
                let zero = self.y.share(0.0).unwrap_or(0.0);
                let zero = self.bottom - zero * (self.bottom - self.top);
                for corners in series.points.chunks_exact(2) {
                    // Of a bar that is no number nothing is seen, and on a logarithmic axis 0 is at the bottom.
                    let x = [corners[0][0], corners[1][0]].map(|x| self.x.share(x));
                    let ([Some(left), Some(right)], Some(y)) = (x, self.y.share(corners[1][1]))
                    else {
                        continue;
                    };
                    any = true;
                    let [left, right] =
                        [left, right].map(|x| self.left + x * (self.right - self.left));
                    let y = self.bottom - y * (self.bottom - self.top);
                    let gap = if (right - left).abs() > 6.0 { 0.5 } else { 0.0 };
                    let at = [left.min(right) + gap, y.min(zero)];
                    let size = [(right - left).abs() - 2.0 * gap, (zero - y).abs()];
                    let paint = Paint::fill(color.with_opacity(0.75));
                    drawing.rectangle(at, size, 0.0, paint);
                    dots.push([f64::midpoint(left, right), y]);
                }
            }
        }
        any
    }

    /// Rings, and their labels where they hide least.
    fn draw_marks(&self, drawing: &mut Drawing, dots: &[[f64; 2]]) {
        let mut taken: Vec<[f64; 4]> = Vec::new();
        for (point, label) in &self.plot.marks {
            let Some([x, y]) = self.place(*point) else { continue };
            if x < self.left - 1.0
                || x > self.right + 1.0
                || y < self.top - 1.0
                || y > self.bottom + 1.0
            {
                continue;
            }
            let paint = Paint::fill(Color::WHITE).and_stroke(Stroke::new(Color::INK, 1.5));
            drawing.circle([x, y], 4.0, paint);
            let label = text::cut(label, SMALL, self.right - self.left - 8.0);
            let width = text::width(&label, SMALL);
            // Beside the ring, above and below it, and further off.
            let boxes = [
                (8.0, -8.0),
                (-8.0 - width, -8.0),
                (8.0, 16.0),
                (-8.0 - width, 16.0),
                (-width / 2.0, -11.0),
                (-width / 2.0, 19.0),
                (8.0, -22.0),
                (-8.0 - width, -22.0),
                (-width / 2.0, 34.0),
                (-width / 2.0, -28.0),
            ]
            .map(|(right, down)| {
                let room = self.right - width - 2.0;
                let x = (x + right).min(room).max(self.left + 2.0);
                let y = (y + down).max(self.top + SMALL).min(self.bottom - 3.0);
                [x, y - SMALL, x + width, y + 3.0]
            });
            let covers = |[left, top, right, bottom]: [f64; 4], [x, y]: [f64; 2]| {
                x > left - 3.0 && x < right + 3.0 && y > top - 3.0 && y < bottom + 3.0
            };
            let cost = |corners: &[f64; 4]| {
                let of_dots = dots.iter().filter(|dot| covers(*corners, **dot)).count();
                let of_labels = taken.iter().filter(|other| {
                    corners[0] < other[2]
                        && other[0] < corners[2]
                        && corners[1] < other[3]
                        && other[1] < corners[3]
                });
                let own = usize::from(covers(*corners, [x, y]));
                of_dots + 1000 * (of_labels.count() + own)
            };
            let Some(best) = boxes.into_iter().min_by_key(cost) else { continue };
            drawing.text(Text::new(best[0], best[3] - 3.0, SMALL, label).halo());
            taken.push(best);
        }
    }
}

/// The places along a path, also between its corners, so that a label does not stand on a long line.
fn add_places(places: &mut Vec<[f64; 2]>, steps: &[Step]) {
    let mut last: Option<[f64; 2]> = None;
    for step in steps {
        match (*step, last) {
            (Step::Line(x, y), Some([from_x, from_y])) => {
                let (x, y): (f64, f64) = (x, y);
                let (right, down): (f64, f64) = (x - from_x, y - from_y);
                let pieces = (right.hypot(down) / 6.0).ceil().clamp(1.0, 200.0) as u32;
                places.extend((1..=pieces).map(|piece| {
                    let share = f64::from(piece) / f64::from(pieces);
                    [from_x + share * right, from_y + share * down]
                }));
                last = Some([x, y]);
            }
            (Step::Move(x, y) | Step::Line(x, y) | Step::Dot(x, y), _) => {
                places.push([x, y]);
                last = Some([x, y]);
            }
            _ => {}
        }
    }
}

fn tick_width(tick: &Tick) -> f64 {
    raised_width(&tick.text, &tick.exponent, SMALL)
}

/// The width of the sign before a name in the legend.
const SIGN: f64 = 18.0;

/// Names in rows, as many in one as there is room for.
fn legend(plot: &Plot, left: f64, right: f64, top: f64) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let (mut x, mut y) = (left, top + line_height(SMALL));
    for series in plot.series.iter().filter(|series| !series.name.is_empty()) {
        let name = text::cut(&series.name, SMALL, right - left - SIGN - 6.0);
        let width = SIGN + 6.0 + text::width(&name, SMALL);
        if x > left && x + width > right {
            (x, y) = (left, y + line_height(SMALL) + 2.0);
        }
        entries.push(Entry { series, name, at: [x, y] });
        x += width + 16.0;
    }
    entries
}

fn draw_sign(drawing: &mut Drawing, series: &Series, [x, y]: [f64; 2]) {
    let color = series.color.map_or(Color::GREY, color);
    let line = [[x, y], [x + SIGN, y]];
    match series.kind {
        Kind::Line | Kind::Band => drawing.line(&line, Stroke::new(color, 2.0)),
        Kind::Guide => drawing.line(&line, Stroke::new(color, 1.0).dashed()),
        Kind::Points => drawing.circle([x + SIGN / 2.0, y], 3.0, Paint::fill(color)),
        Kind::Bars => {
            let paint = Paint::fill(color.with_opacity(0.75));
            drawing.rectangle([x + SIGN / 2.0 - 5.0, y - 5.0], [10.0, 10.0], 0.0, paint);
        }
    }
}
