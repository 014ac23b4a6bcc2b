//! The table of a network's layers.

use core::fmt;

use crate::core::{Sample, Shape};
use crate::execution_plan::{ExecutionPlan, LayerKernels};
use crate::layers::{Kind, Layer, LayerPlan, ParameterPath, Part};
use crate::simd::InstructionSet;

/// A table of a network's layers, as Keras prints it: names, output shapes, parameters; and what each layer computes for one sample.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Digits<input 784 => dense 128 sigmoid => dense 10>; }
///
/// println!("{}", Digits::summary());
/// println!("{}", Digits::summary().with_plan(32));
/// let summary = Digits::summary();
/// assert_eq!(summary.rows.len(), 2);
/// assert_eq!(summary.rows[0].multiply_adds, 784 * 128);
/// assert_eq!(summary.rows[0].bytes, (784 * 128 + 128) * 4);
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
    /// The kernels that the layers run, if [`with_plan`](Self::with_plan) has asked for them.
    pub plan: Option<ExecutionPlan>,
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
    /// How many parameters it has, statistics included.
    pub parameters: usize,
    /// How many of them are kept while training, by the layer itself, and not learned: the running mean and variance of `batchnorm`.
    pub statistics: usize,
    /// Multiplications with an addition for one sample. A layer that consists of others, as `residual`, has none of its own.
    pub multiply_adds: usize,
    /// The bytes that its parameters take.
    pub bytes: usize,
    kernels: Kernels,
}

/// How to ask for the kernels of a layer. It follows from the layer, and makes no difference between two rows.
#[derive(Clone, Copy)]
struct Kernels(Option<fn(usize, InstructionSet) -> LayerPlan>);

impl PartialEq for Kernels {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Kernels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "some" } else { "none" })
    }
}

impl Summary {
    /// That of the network of this name.
    pub(crate) fn of<N: Layer>(name: &'static str) -> Self {
        Self {
            name,
            input: <N::Input as Sample>::SHAPE,
            rows: rows(N::describe, size_of::<N::Scalar>()),
            multiply_adds: N::MULTIPLY_ADDS,
            bytes: size_of::<N>(),
            plan: None,
        }
    }

    /// With the kernels that run for a batch of `samples` on this machine: a second table. Nothing is run. [`Network::plan`](crate::Network::plan) is that table alone.
    #[must_use]
    pub fn with_plan(self, samples: usize) -> Self {
        let set = InstructionSet::current();
        let of = |row: &Row| {
            let kernels = row.kernels.0?(samples, set);
            Some(LayerKernels { name: row.name.clone(), kernels })
        };
        let rows = self.rows.iter().filter_map(of).collect();
        Self { plan: Some(ExecutionPlan { samples, set, rows }), ..self }
    }

    /// All parameters together.
    pub fn parameters(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }

    /// The parameters that are kept while training, by the layers themselves, and not learned: Keras's non-trainable ones.
    pub fn statistics(&self) -> usize {
        self.rows.iter().map(|row| row.statistics).sum()
    }
}

type Describe = fn(&ParameterPath<'_>, &mut dyn FnMut(&ParameterPath<'_>, Part));

/// Once for all networks.
fn rows(describe: Describe, scalar: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    describe(&ParameterPath::ROOT, &mut |path, part| match part {
        Part::Layer { word, activation, output, parameters, multiply_adds } => {
            let layer = format!("{word} {}", DisplayWith(activation));
            let layer = layer.trim().trim_end_matches(" identity").to_owned();
            rows.push(Row {
                name: path.to_string(),
                layer,
                output,
                parameters,
                statistics: 0,
                multiply_adds,
                bytes: parameters * scalar,
                kernels: Kernels(None),
            });
        }
        Part::Kernels(kernels) => {
            if let Some(row) = rows.last_mut() {
                row.kernels = Kernels(Some(kernels));
            }
        }
        Part::Tensor { kind: Kind::Statistic, shape } => {
            if let Some(row) = rows.last_mut() {
                row.statistics += shape.iter().product::<usize>();
            }
        }
        Part::Tensor { .. } => {}
    });
    rows
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
        let header =
            ["name", "layer", "output", "parameters", "bytes", "multiply-adds"].map(String::from);
        let mut input = [const { String::new() }; 6];
        (input[1], input[2]) = ("input".into(), self.input.to_string());
        let rows = self.rows.iter().map(|row| {
            [
                row.name.clone(),
                row.layer.clone(),
                row.output.to_string(),
                thousands(row.parameters),
                thousands(row.bytes),
                thousands(row.multiply_adds),
            ]
        });
        let table: Vec<_> = [header, input].into_iter().chain(rows).collect();
        let widths: [usize; 6] = core::array::from_fn(|column| {
            table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        let rule = "─".repeat(widths.iter().sum::<usize>() + 10);
        writeln!(formatter, "{}\n{rule}", self.name)?;
        for (index, row) in table.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                line += &match column {
                    0 | 1 => format!("{cell:<width$}  "),
                    _ => format!("{cell:>width$}  "),
                };
            }
            writeln!(formatter, "{}", line.trim_end())?;
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
        )?;
        let statistics = self.statistics();
        if statistics > 0 {
            write!(
                formatter,
                "\n{} parameters are learned, {} are statistics that layers keep",
                thousands(self.parameters() - statistics),
                thousands(statistics),
            )?;
        }
        match &self.plan {
            Some(plan) => write!(formatter, "\n\n{plan}"),
            None => Ok(()),
        }
    }
}
