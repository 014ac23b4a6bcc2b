//! Tables as colours.

use super::Figure;
use super::drawing::{Anchor, Drawing, Paint, Stroke, Text, line_height};
use super::scale::short;
use super::style::{Color, NAME, PALETTE, SMALL, TITLE};
use super::text;

/// A table of numbers as colours, with the numbers in the cells where there is room for them, as [`Figure`].
///
/// ```
/// use axonal::figures::HeatMap;
///
/// let figure = HeatMap::new(["cat", "dog"], ["cat", "dog"], [[9.0, 1.0], [2.0, 8.0]])
///     .row_title("actual")
///     .column_title("predicted")
///     .figure();
/// assert_eq!(figure.to_svg().matches(">9<").count(), 1);
/// ```
///
/// White is 0 and blue the largest number; where some are below 0, the largest of either sign is blue or orange. Shades go with the numbers, and with
/// the roots of whole numbers: a few errors are seen beside many right answers. Cells of NaN and infinite numbers are empty.
/// Of a large table, cells have no numbers in them, and a bar beside the table says what the colours mean; of more than 400 rows or columns,
/// a cell shows the number furthest from 0 of several.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct HeatMap {
    rows: Vec<String>,
    columns: Vec<String>,
    /// Row after row.
    values: Vec<f64>,
    labels: Option<Vec<String>>,
    title: String,
    row_title: String,
    column_title: String,
}

/// A table with more rows or columns is shown in blocks.
const MOST_CELLS: usize = 400;

/// The most pixels for all cells in a row or column.
const MOST_PIXELS: f64 = 760.0;

impl HeatMap {
    /// The names of rows and columns, and the numbers, row after row.
    ///
    /// # Panics
    ///
    /// If there are not as many rows as names for them, or a row has not as many numbers as there are names for columns.
    pub fn new<R, V>(
        rows: impl IntoIterator<Item: Into<String>>,
        columns: impl IntoIterator<Item: Into<String>>,
        values: R,
    ) -> Self
    where
        R: IntoIterator<Item = V>,
        V: IntoIterator<Item = f64>,
    {
        let rows: Vec<String> = rows.into_iter().map(Into::into).collect();
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let mut all = Vec::with_capacity(rows.len() * columns.len());
        let mut count = 0;
        for row in values {
            all.extend(row);
            count += 1;
            assert!(
                all.len() == count * columns.len(),
                "a row of a heat map has as many numbers as there are columns, {}: row {count} has another number of them",
                columns.len()
            );
        }
        assert!(count == rows.len(), "a heat map of {} rows was given {count}", rows.len());
        Self {
            rows,
            columns,
            values: all,
            labels: None,
            title: String::new(),
            row_title: String::new(),
            column_title: String::new(),
        }
    }

    /// What stands in the cells in the place of the numbers, row after row.
    ///
    /// # Panics
    ///
    /// If there are not as many as cells.
    pub fn labels(self, labels: impl IntoIterator<Item: Into<String>>) -> Self {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        let (cells, count) = (self.values.len(), labels.len());
        assert!(cells == count, "a heat map of {cells} cells was given {count} labels");
        Self { labels: Some(labels), ..self }
    }

    /// What stands above.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// What the rows are.
    pub fn row_title(self, title: impl Into<String>) -> Self {
        Self { row_title: title.into(), ..self }
    }

    /// What the columns are.
    pub fn column_title(self, title: impl Into<String>) -> Self {
        Self { column_title: title.into(), ..self }
    }

    /// The picture.
    pub fn figure(&self) -> Figure {
        Layout::new(self).draw()
    }
}

struct Layout<'a> {
    map: &'a HeatMap,
    /// How many rows and columns a cell stands for.
    block: usize,
    rows: usize,
    columns: usize,
    cell: [f64; 2],
    /// Whether there is something in the cells.
    labels: Option<Vec<String>>,
    largest: f64,
    signs: bool,
    /// Whether all numbers are whole.
    counts: bool,
}

impl<'a> Layout<'a> {
    fn new(map: &'a HeatMap) -> Self {
        let block = map.rows.len().max(map.columns.len()).div_ceil(MOST_CELLS).max(1);
        let [rows, columns] = [&map.rows, &map.columns].map(|names| names.len().div_ceil(block));
        let labels = map.labels.clone().unwrap_or_else(|| numbers(&map.values));
        let wide = text::widest(labels.iter().map(String::as_str), SMALL) + 10.0;
        let each = |count: usize| MOST_PIXELS / count.max(1) as f64;
        let fits = block == 1 && wide <= each(columns) && 18.0 <= each(rows);
        let cell = if fits {
            // As wide as the names of the columns, if they are short and few.
            let names = text::widest(map.columns.iter().map(String::as_str), SMALL) + 12.0;
            let wide =
                if names <= 100.0 && names <= each(columns) { wide.max(names) } else { wide };
            [wide.max(30.0).min(each(columns)), (0.62 * wide).clamp(26.0, 46.0).min(each(rows))]
        } else {
            [each(rows.max(columns)).min(26.0); 2]
        };
        let finite = || map.values.iter().copied().filter(|value| value.is_finite());
        Self {
            map,
            block,
            rows,
            columns,
            cell,
            labels: fits.then_some(labels),
            largest: finite().map(f64::abs).fold(0.0, f64::max),
            signs: finite().any(|value| value < 0.0),
            counts: finite().all(|value| value.fract() == 0.0),
        }
    }

    fn color(&self, value: f64) -> Color {
        let share = if self.largest > 0.0 { value.abs() / self.largest } else { 0.0 };
        let share = if self.counts { share.sqrt() } else { share };
        let full = if value < 0.0 { PALETTE[1] } else { Color::new(0x08_45_82) };
        Color::WHITE.toward(full, share)
    }

    /// The number that a cell shows.
    fn value(&self, row: usize, column: usize) -> f64 {
        let map = self.map;
        let range =
            |index: usize, count: usize| index * self.block..((index + 1) * self.block).min(count);
        let mut shown = f64::NAN;
        for row in range(row, map.rows.len()) {
            for column in range(column, map.columns.len()) {
                let value = map.values[row * map.columns.len() + column];
                if value.is_finite() && (shown.is_nan() || value.abs() > shown.abs()) {
                    shown = value;
                }
            }
        }
        shown
    }

    fn draw(&self) -> Figure {
        const EDGE: f64 = 10.0;
        /// Longer names are cut.
        const LONGEST: f64 = 150.0;
        let map = self.map;
        let mut drawing = Drawing::default();
        let size = [self.cell[0] * self.columns as f64, self.cell[1] * self.rows as f64];
        // Of names that would stand on each other, every second or third is shown.
        let every = |room: f64, need: f64| ((need / room).ceil() as usize).max(1) * self.block;
        let names = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| text::cut(name, SMALL, LONGEST)).collect()
        };
        let (row_names, column_names) = (names(&map.rows), names(&map.columns));
        let widest = |names: &[String]| text::widest(names.iter().map(String::as_str), SMALL);
        let upright = widest(&column_names) + 6.0 > self.cell[0] * self.block as f64;
        let under = if upright { widest(&column_names) + 8.0 } else { line_height(SMALL) + 4.0 };
        let beside = if map.row_title.is_empty() { 0.0 } else { line_height(NAME) + 4.0 };
        let left = EDGE + beside + widest(&row_names) + 8.0;
        let bar = if self.labels.is_some() || self.rows * self.columns == 0 {
            0.0
        } else {
            24.0 + text::width(&short(-self.largest), SMALL) + 14.0
        };
        let name = text::width(&map.column_title, NAME);
        let width = (left + size[0] + bar + EDGE).max(160.0).max(left + name.min(300.0) + EDGE);
        let title = text::wrap(&map.title, TITLE, width - 2.0 * EDGE);
        let text = Text::new(width / 2.0, EDGE + TITLE - 2.0, TITLE, "").anchor(Anchor::Middle);
        drawing.paragraph(&title, &text.bold());
        let top = EDGE + title.len() as f64 * line_height(TITLE) + 4.0;
        let (right, bottom) = (left + size[0], top + size[1].max(20.0));

        self.draw_cells(&mut drawing, [left, top]);
        let edge = Paint::stroke(Stroke::new(Color::GREY, 1.0));
        drawing.rectangle([left, top], size, 0.0, edge);
        for index in (0..map.rows.len()).step_by(every(self.cell[1], line_height(SMALL) - 1.0)) {
            let y = top + (index as f64 / self.block as f64 + 0.5) * self.cell[1] + 4.0;
            let text = Text::new(left - 6.0, y, SMALL, row_names[index].clone());
            drawing.text(text.anchor(Anchor::End));
        }
        let need = if upright { line_height(SMALL) - 1.0 } else { 0.0 };
        for index in (0..map.columns.len()).step_by(every(self.cell[0], need)) {
            let x = left + (index as f64 / self.block as f64 + 0.5) * self.cell[0];
            let name = column_names[index].clone();
            drawing.text(if upright {
                Text::new(x + 4.0, bottom + 6.0, SMALL, name).anchor(Anchor::End).upright()
            } else {
                Text::new(x, bottom + SMALL + 4.0, SMALL, name).anchor(Anchor::Middle)
            });
        }
        let mut end = bottom + under;
        if !map.column_title.is_empty() {
            let name = text::cut(&map.column_title, NAME, width - left - EDGE);
            let half = text::width(&name, NAME) / 2.0;
            let x = f64::midpoint(left, right).max(left + half);
            drawing.text(Text::new(x, end + NAME, NAME, name).anchor(Anchor::Middle));
            end += line_height(NAME) + 2.0;
        }
        let height = (end + EDGE).max(top + 60.0);
        let name = text::cut(&map.row_title, NAME, height - 2.0 * EDGE);
        let half = text::width(&name, NAME) / 2.0;
        let y = f64::midpoint(top, bottom).max(EDGE + half).min(height - EDGE - half);
        drawing.text(Text::new(EDGE + NAME - 1.0, y, NAME, name).anchor(Anchor::Middle).upright());
        if bar > 0.0 {
            self.draw_bar(&mut drawing, right + 14.0, top, size[1]);
        }
        Figure::new([width, height], &map.title, drawing)
    }

    fn draw_cells(&self, drawing: &mut Drawing, [left, top]: [f64; 2]) {
        let [width, height] = self.cell;
        for row in 0..self.rows {
            let y = top + row as f64 * height;
            let mut column = 0;
            while column < self.columns {
                let value = self.value(row, column);
                let color = value.is_finite().then(|| self.color(value));
                // Cells of one colour beside each other are one rectangle.
                let mut end = column + 1;
                while self.labels.is_none() && end < self.columns {
                    let next = self.value(row, end);
                    if next.is_finite().then(|| self.color(next)) != color {
                        break;
                    }
                    end += 1;
                }
                let at = [left + column as f64 * width, y];
                let size = [(end - column) as f64 * width, height];
                match color {
                    Some(Color::WHITE) => {}
                    Some(color) => drawing.rectangle(at, size, 0.0, Paint::fill(color)),
                    None => drawing.rectangle(at, size, 0.0, Paint::fill(Color::new(0xee_ee_ee))),
                }
                let label = self.labels.as_ref().map(|labels| &labels[row * self.columns + column]);
                if let (Some(label), Some(color)) = (label, color) {
                    let ink = if color.is_dark() { Color::WHITE } else { Color::INK };
                    let text = Text::new(
                        at[0] + width / 2.0,
                        y + height / 2.0 + 4.0,
                        SMALL,
                        label.clone(),
                    );
                    drawing.text(text.anchor(Anchor::Middle).color(ink));
                }
                column = end;
            }
        }
    }

    /// What the colours mean.
    fn draw_bar(&self, drawing: &mut Drawing, left: f64, top: f64, height: f64) {
        const STEPS: usize = 40;
        let low = if self.signs { -self.largest } else { 0.0 };
        let height = height.max(60.0);
        for step in 0..STEPS {
            let share = (step as f64 + 0.5) / STEPS as f64;
            let color = self.color(self.largest + share * (low - self.largest));
            let at = [left, top + step as f64 / STEPS as f64 * height];
            let size = [12.0, height / STEPS as f64 + 0.5];
            drawing.rectangle(at, size, 0.0, Paint::fill(color));
        }
        let edge = Paint::stroke(Stroke::new(Color::GREY, 1.0));
        drawing.rectangle([left, top], [12.0, height], 0.0, edge);
        let values =
            if self.signs { vec![self.largest, 0.0, low] } else { vec![self.largest, low] };
        for (index, value) in values.iter().enumerate() {
            let y = top + index as f64 / (values.len() - 1) as f64 * height;
            // The label of an end stands inside of it.
            let shift = 10.0 - 12.0 * index as f64 / (values.len() - 1) as f64;
            drawing.text(Text::new(left + 17.0, y + shift, SMALL, short(*value)));
        }
    }
}

/// The numbers in the cells: all whole, or all with as many decimals.
fn numbers(values: &[f64]) -> Vec<String> {
    let finite = || values.iter().filter(|value| value.is_finite());
    let most = finite().fold(0.0_f64, |most, value| most.max(value.abs()));
    let whole = finite().all(|value| value.fract() == 0.0) && most < 1e7;
    let of = |value: &f64| match () {
        () if whole => format!("{value:.0}").replace('-', "−"),
        () if (0.1..10.0).contains(&most) => format!("{value:.2}").replace('-', "−"),
        () => short(*value),
    };
    values.iter().map(of).collect()
}
