//! The picture of a graph: what comes out of each node as sheets or a bar, its text below, arrows between them.

use super::graph::{Frame, Graph, Kind, Node};
use super::layout::Layout;
use crate::core::Shape;
use crate::figures::Figure;
use crate::figures::drawing::{Anchor, Drawing, Paint, Step, Stroke, Text, line_height};
use crate::figures::style::{Color, PALETTE, SMALL, TITLE};
use crate::figures::text;
use crate::summary::thousands;

/// The most pixels in a row, if it can be cut.
const WIDTH: f64 = 1000.0;
/// Between what stands in two columns.
const GAP: f64 = 26.0;
const EDGE: f64 = 14.0;
/// The side of the largest image, and the height of the longest vector.
const LARGEST: f64 = 64.0;
/// From sheet to sheet of a stack.
const SHEET: f64 = 3.5;
/// The width of a bar.
const BAR: f64 = 11.0;
/// The radius of a sign.
const SIGN: f64 = 9.0;
/// Of the corners of lines.
const CORNER: f64 = 6.0;
/// The height of a lane in which lines alone run.
const LINE: f64 = 18.0;
/// The size of letters below a node.
const LETTERS: f64 = SMALL;

const ARROW: Color = Color::new(0x44_44_44);

pub(super) fn draw(name: &str, parameters: usize, graph: &Graph) -> Figure {
    let title = format!("{name}: {} parameters", thousands(parameters));
    let sizes = Sizes::new(graph);
    let width = |nodes: &[usize]| {
        let widest = nodes.iter().map(|node| sizes.width(&graph.nodes[*node]));
        widest.fold(2.0 * SIGN, f64::max) + GAP
    };
    let layout = Layout::new(graph, width, WIDTH);
    let mut picture = Picture::new(graph, &sizes, layout);
    picture.draw();
    let Picture { drawing, size: [width, height], .. } = picture;
    let room = text::width(&title, TITLE) + 2.0 * EDGE;
    let mut whole = Drawing::default();
    let width = width.max(room.min(WIDTH));
    let title = text::cut(&title, TITLE, width - 2.0 * EDGE);
    whole.text(Text::new(EDGE, EDGE + TITLE - 2.0, TITLE, title.clone()).bold());
    let top = EDGE + line_height(TITLE) + 4.0;
    whole.group([0.0, top], drawing);
    Figure::new([width, height + top], &title, whole)
}

/// How large what comes out of nodes is drawn, beside the largest of them.
struct Sizes {
    side: f64,
    length: f64,
}

impl Sizes {
    fn new(graph: &Graph) -> Self {
        let largest = |of: &dyn Fn(Shape) -> f64| {
            graph.nodes.iter().map(|node| of(node.output)).fold(1.0, f64::max)
        };
        let side = largest(&|shape| match shape {
            Shape::Image(_, rows, columns) => rows.max(columns) as f64,
            Shape::Vector(_) | Shape::Record(_) => 1.0,
        });
        let length = largest(&|shape| match shape {
            Shape::Vector(length) => length as f64,
            Shape::Image(..) => 1.0,
            Shape::Record(_) => shape.len() as f64,
        });
        Self { side, length }
    }

    /// The width and height of one sheet, and how many there are; of a vector, one sheet is the bar.
    fn sheets(&self, shape: Shape) -> ([f64; 2], usize) {
        // Sides go with a power below 1: an image of one pixel is seen beside one of 224.
        let of = |side: usize| (LARGEST * (side as f64 / self.side).powf(0.6)).max(5.0);
        match shape {
            Shape::Image(channels, rows, columns) => {
                let count = (channels.max(1) as f64).log2().ceil() as usize + 1;
                ([of(columns), of(rows)], count.min(9))
            }
            Shape::Vector(_) | Shape::Record(_) => {
                let length = shape.len();
                let share = (1.0 + length as f64).ln() / (1.0 + self.length).ln().max(1.0);
                ([BAR, (LARGEST * share).max(8.0)], 1)
            }
        }
    }

    /// The width and height of what is drawn for a node.
    fn of(&self, node: &Node) -> [f64; 2] {
        if node.kind == Kind::Sum {
            return [2.0 * SIGN; 2];
        }
        let ([width, height], count) = self.sheets(node.output);
        let depth = (count - 1) as f64 * SHEET;
        [width + depth, height + depth]
    }

    /// The width of a node with its text.
    fn width(&self, node: &Node) -> f64 {
        let lines = texts(node);
        let widest = text::widest(lines.iter().map(|(line, _)| line.as_str()), LETTERS);
        self.of(node)[0].max(widest)
    }
}

/// What is written below a node, and in which colour.
fn texts(node: &Node) -> Vec<(String, Color)> {
    /// Longer lines are cut.
    const LONGEST: f64 = 150.0;
    let cut = |line: &String| (text::cut(line, LETTERS, LONGEST), Color::INK);
    let mut lines: Vec<_> = node.lines.iter().map(cut).collect();
    // A sum has the shape of what is added.
    if node.kind != Kind::Sum {
        lines.push((node.output.to_string().replace('x', "×"), Color::GREY));
    }
    if node.parameters > 0 {
        lines.push((format!("{} params", thousands(node.parameters)), Color::GREY));
    }
    lines
}

/// A colour for each kind of layer.
fn color(kind: Kind) -> Color {
    let color = match kind {
        Kind::Input | Kind::Sum => return Color::WHITE,
        Kind::Concat => PALETTE[3],
        Kind::Layer(word) => match word {
            "conv" | "conv_transpose" => PALETTE[5],
            "dense" => PALETTE[4],
            "maxpool" | "avgpool" | "global avgpool" | "upsample" => PALETTE[2],
            "flatten" | "reshape" | "pad" | "" | "batchnorm" | "layernorm" | "dropout"
            | "prelu" => return Color::new(0xdd_dd_dd),
            _ => PALETTE[1],
        },
    };
    Color::WHITE.toward(color, 0.45)
}

struct Picture<'a> {
    graph: &'a Graph,
    sizes: &'a Sizes,
    layout: Layout,
    drawing: Drawing,
    size: [f64; 2],
    /// The left ends of the columns.
    left: Vec<f64>,
    /// The height of each lane's middle, row after row.
    middles: Vec<Vec<f64>>,
    /// The top and bottom of each row.
    rows: Vec<[f64; 2]>,
    /// Where the text of a lane begins, below its middle.
    below: Vec<Vec<f64>>,
}

impl<'a> Picture<'a> {
    fn new(graph: &'a Graph, sizes: &'a Sizes, layout: Layout) -> Self {
        let mut left = Vec::new();
        let mut width: f64 = 0.0;
        let mut x = EDGE;
        for (column, of_column) in layout.widths.iter().enumerate() {
            if layout.rows.contains(&column) {
                // A row that begins with an arrow has room for it.
                x = if column == 0 { EDGE } else { EDGE + GAP };
            }
            left.push(x);
            x += of_column;
            width = width.max(x - GAP + EDGE);
        }
        if layout.rows.len() > 1 {
            width += GAP;
        }
        let deepest = graph.frames.iter().map(|frame| frame.depth + 1).max().unwrap_or(0);
        let (mut middles, mut rows, mut below) = (Vec::new(), Vec::new(), Vec::new());
        let mut y = 4.0;
        for row in 0..layout.rows.len() {
            let framed = graph.frames.iter().filter(|frame| {
                frame.nodes.clone().any(|node| layout.row(layout.places[node].0) == row)
            });
            let levels = framed.map(|frame| deepest - frame.depth).max().unwrap_or(0);
            let around = levels as f64 * line_height(LETTERS) + 4.0;
            let top = y;
            y += around;
            let (mut of_lanes, mut of_texts) = (Vec::new(), Vec::new());
            for lane in 0..layout.lanes {
                let nodes: Vec<_> = (0..graph.nodes.len())
                    .filter(|node| {
                        let (column, of_node) = layout.places[*node];
                        of_node == lane && layout.row(column) == row
                    })
                    .map(|node| &graph.nodes[node])
                    .collect();
                let lines = (0..graph.edges.len()).any(|edge| {
                    let to = graph.edges[edge].1;
                    layout.edges[edge] == lane && layout.row(layout.places[to].0) == row
                });
                let half = nodes.iter().map(|node| sizes.of(node)[1] / 2.0).fold(0.0, f64::max);
                let text = nodes.iter().map(|node| texts(node).len()).max().unwrap_or(0);
                if nodes.is_empty() {
                    of_lanes.push(y + LINE / 2.0);
                    of_texts.push(0.0);
                    y += if lines { LINE } else { 0.0 };
                } else {
                    of_lanes.push(y + half + 4.0);
                    of_texts.push(half + 4.0);
                    y += 2.0 * half + 8.0 + text as f64 * line_height(LETTERS) + 8.0;
                }
            }
            y += levels as f64 * 4.0;
            rows.push([top, y]);
            middles.push(of_lanes);
            below.push(of_texts);
            y += 22.0;
        }
        let size = [width, y - 22.0 + EDGE];
        Self { graph, sizes, layout, drawing: Drawing::default(), size, left, middles, rows, below }
    }

    /// The middle of what is drawn for a node.
    fn middle(&self, node: usize) -> [f64; 2] {
        let (column, lane) = self.layout.places[node];
        let x = self.left[column] + (self.layout.widths[column] - GAP) / 2.0;
        [x, self.middles[self.layout.row(column)][lane]]
    }

    fn draw(&mut self) {
        // Outer frames first, so that inner ones are on them.
        let mut frames: Vec<_> = self.graph.frames.iter().collect();
        frames.sort_by_key(|frame| frame.depth);
        for frame in frames {
            self.draw_frame(frame);
        }
        for edge in 0..self.graph.edges.len() {
            self.draw_edge(edge);
        }
        for node in 0..self.graph.nodes.len() {
            self.draw_node(node);
        }
    }

    fn draw_node(&mut self, index: usize) {
        let node = &self.graph.nodes[index];
        let [x, y] = self.middle(index);
        let [width, height] = self.sizes.of(node);
        let line = Stroke::new(Color::new(0x55_55_55), 1.0);
        let paint = Paint::fill(color(node.kind)).and_stroke(line);
        if node.kind == Kind::Sum {
            self.drawing.circle([x, y], SIGN, paint);
            let arm = SIGN * 0.55;
            self.drawing.line(&[[x - arm, y], [x + arm, y]], Stroke::new(ARROW, 1.4));
            self.drawing.line(&[[x, y - arm], [x, y + arm]], Stroke::new(ARROW, 1.4));
        } else {
            let (size, count) = self.sizes.sheets(node.output);
            let (left, top) = (x - width / 2.0, y - height / 2.0);
            for sheet in (0..count).rev() {
                // The front one is at the lower left.
                let shift = sheet as f64 * SHEET;
                let at = [left + shift, top + (count - 1) as f64 * SHEET - shift];
                let radius = if matches!(node.output, Shape::Image(..)) { 0.0 } else { 2.0 };
                self.drawing.rectangle(at, size, radius, paint);
                // A few numbers can be counted.
                if let Shape::Vector(length @ 2..=12) = node.output {
                    for cell in 1..length {
                        let y = at[1] + size[1] * cell as f64 / length as f64;
                        let line = Stroke::new(Color::new(0x55_55_55), 0.5);
                        self.drawing.line(&[[at[0], y], [at[0] + size[0], y]], line);
                    }
                }
            }
        }
        let (column, lane) = self.layout.places[index];
        let below = match node.kind {
            Kind::Sum => SIGN + 4.0,
            _ => self.below[self.layout.row(column)][lane],
        };
        let mut y = y + below + LETTERS;
        for (line, color) in texts(node) {
            let text = Text::new(x, y, LETTERS, line).anchor(Anchor::Middle);
            self.drawing.text(text.color(color));
            y += line_height(LETTERS);
        }
    }

    fn draw_edge(&mut self, edge: usize) {
        let (from, to) = self.graph.edges[edge];
        let ([from_x, from_y], [to_x, to_y]) = (self.middle(from), self.middle(to));
        let half = |node: usize| self.sizes.of(&self.graph.nodes[node])[0] / 2.0;
        let start = [from_x + half(from) + 2.0, from_y];
        let end = [to_x - half(to) - 3.0, to_y];
        let rows = [from, to].map(|node| self.layout.row(self.layout.places[node].0));
        let joins = self.graph.nodes[to].kind == Kind::Sum;
        let lane = self.middles[rows[1]][self.layout.edges[edge]];
        // Where it turns: in the gaps behind the column that it leaves, and before the one that it enters.
        let (from_column, to_column) = (self.layout.places[from].0, self.layout.places[to].0);
        let out = self.left[from_column] + self.layout.widths[from_column] - GAP + 8.0;
        let into = self.left[to_column] - 10.0;
        let mut points = vec![start];
        if rows[0] != rows[1] {
            // Around the end of the row, and back below it. What goes to several nodes does so once.
            let before = &self.graph.edges[..edge];
            let is_drawn = before.iter().any(|(other, to)| {
                *other == from && self.layout.row(self.layout.places[*to].0) == rows[1]
            });
            let left = EDGE;
            let right = self.left[from_column] + self.layout.widths[from_column] - GAP + 16.0;
            let between = self.rows[rows[0]][1] + 11.0;
            if is_drawn {
                points = vec![[left, between + CORNER]];
            } else {
                points.extend([[right, from_y], [right, between], [left, between]]);
            }
            points.push([left, lane]);
        } else if lane != from_y {
            points.extend([[out, from_y], [out, lane]]);
        }
        if lane != to_y && joins {
            let side = if to_y > lane { -1.0 } else { 1.0 };
            points.extend([[to_x, lane], [to_x, to_y + side * (SIGN + 3.0)]]);
        } else if lane != to_y {
            points.extend([[into, lane], [into, to_y], end]);
        } else {
            points.push(end);
        }
        self.draw_arrow(&points);
    }

    /// A line with round corners, and a head at its end.
    fn draw_arrow(&mut self, points: &[[f64; 2]]) {
        const HEAD: [f64; 2] = [7.0, 3.0];
        let [before, end] = [points[points.len() - 2], points[points.len() - 1]];
        let toward = |from: [f64; 2], to: [f64; 2], most: f64| {
            let [right, down] = [to[0] - from[0], to[1] - from[1]];
            let length = right.hypot(down).max(1e-9);
            let share = most.min(length / 2.0) / length;
            [from[0] + share * right, from[1] + share * down]
        };
        let mut steps = vec![Step::Move(points[0][0], points[0][1])];
        for corner in points.windows(3) {
            let [from, at, to] = [corner[0], corner[1], corner[2]];
            let ([x, y], [after_x, after_y]) = (toward(at, from, CORNER), toward(at, to, CORNER));
            steps.push(Step::Line(x, y));
            steps.push(Step::Bend([at[0], at[1], after_x, after_y]));
        }
        let length = (end[0] - before[0]).hypot(end[1] - before[1]).max(1e-9);
        let [right, down] = [(end[0] - before[0]) / length, (end[1] - before[1]) / length];
        let back = [end[0] - HEAD[0] * right, end[1] - HEAD[0] * down];
        steps.push(Step::Line(back[0], back[1]));
        self.drawing.path(steps, Paint::stroke(Stroke::new(ARROW, 1.2)));
        let side = [-HEAD[1] * down, HEAD[1] * right];
        let head = vec![
            Step::Move(end[0], end[1]),
            Step::Line(back[0] + side[0], back[1] + side[1]),
            Step::Line(back[0] - side[0], back[1] - side[1]),
            Step::Close,
        ];
        self.drawing.path(head, Paint::fill(ARROW));
    }

    /// In each row, around those of its nodes that are there.
    fn draw_frame(&mut self, frame: &Frame) {
        let inset = 4.0 * frame.depth as f64;
        for row in 0..self.rows.len() {
            let columns = frame.nodes.clone().map(|node| self.layout.places[node].0);
            let columns = columns.filter(|column| self.layout.row(*column) == row);
            let [Some(first), Some(last)] = [columns.clone().min(), columns.max()] else {
                continue;
            };
            let left = self.left[first] - 9.0 + inset / 2.0;
            let right = self.left[last] + self.layout.widths[last] - GAP + 9.0 - inset / 2.0;
            let [top, bottom] = self.rows[row];
            let top = top + inset / 4.0 * line_height(LETTERS);
            let paint = Paint::fill(Color::new(0x00_00_00).with_opacity(0.03));
            let paint = paint.and_stroke(Stroke::new(Color::new(0xaa_aa_aa), 1.0).dashed());
            let size = [right - left, bottom - inset - top];
            self.drawing.rectangle([left, top], size, 6.0, paint);
            let label = text::cut(&frame.label, LETTERS, right - left - 12.0);
            let text = Text::new(left + 6.0, top + LETTERS + 2.0, LETTERS, label);
            self.drawing.text(text.color(Color::INK).bold());
        }
    }
}
