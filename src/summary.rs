//! The table of a network's layers.

use core::fmt;

use crate::core::{Sample, Shape};
use crate::layers::{Layer, ParameterPath, Part};

/// A table of a network's layers, as Keras prints it: names, output shapes, parameters.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Digits<input 784 => dense 128 sigmoid => dense 10>; }
///
/// println!("{}", Digits::summary());
/// assert_eq!(Digits::summary().rows.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The network's name.
    pub name: &'static str,
    /// The shape of one input.
    pub input: Shape,
    /// The layers, in order.
    pub rows: Vec<Row>,
    /// Multiplications with an addition in one forward pass.
    pub multiply_adds: usize,
    /// The bytes that the parameters take.
    pub bytes: usize,
}

/// A layer in a [`Summary`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The field, `dense1`.
    pub name: String,
    /// What the description says: `dense sigmoid`.
    pub layer: String,
    /// The shape of one output.
    pub output: Shape,
    /// How many parameters it has.
    pub parameters: usize,
}

impl Summary {
    /// That of the network of this name.
    pub(crate) fn of<N: Layer>(name: &'static str) -> Self {
        let mut rows = Vec::new();
        N::describe(&ParameterPath::ROOT, &mut |path, part| {
            if let Part::Layer { word, activation, output, parameters } = part {
                let layer = format!("{word} {}", DisplayWith(activation));
                let layer = layer.trim().trim_end_matches(" identity").to_owned();
                rows.push(Row { name: path.to_string(), layer, output, parameters });
            }
        });
        Self {
            name,
            input: <N::Input as Sample>::SHAPE,
            rows,
            multiply_adds: N::MULTIPLY_ADDS,
            bytes: size_of::<N>(),
        }
    }

    /// All parameters together.
    pub fn parameters(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }
}

struct DisplayWith(fn(&mut fmt::Formatter<'_>) -> fmt::Result);

impl fmt::Display for DisplayWith {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0(formatter)
    }
}

/// A number with its thousands apart: `101,770`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["name", "layer", "output", "parameters"].map(String::from);
        let input = [String::new(), "input".into(), self.input.to_string(), String::new()];
        let rows = self.rows.iter().map(|row| {
            let Row { name, layer, output, parameters } = row;
            [name.clone(), layer.clone(), output.to_string(), thousands(*parameters)]
        });
        let table: Vec<_> = [header, input].into_iter().chain(rows).collect();
        let widths: [usize; 4] = core::array::from_fn(|column| {
            table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        let rule = "─".repeat(widths.iter().sum::<usize>() + 6);
        writeln!(formatter, "{}\n{rule}", self.name)?;
        for (index, [name, layer, output, parameters]) in table.iter().enumerate() {
            writeln!(
                formatter,
                "{name:<0$}  {layer:<1$}  {output:>2$}  {parameters:>3$}",
                widths[0], widths[1], widths[2], widths[3],
            )?;
            if index == 0 {
                writeln!(formatter, "{rule}")?;
            }
        }
        write!(
            formatter,
            "{rule}\n{} parameters, {} bytes, {} multiply-adds a forward pass",
            thousands(self.parameters()),
            thousands(self.bytes),
            thousands(self.multiply_adds),
        )
    }
}
