//! The table of the kernels that a network runs.

use core::fmt;

use crate::layers::{Layer, LayerPlan, ParameterPath, Part};
use crate::simd::InstructionSet;

/// Which kernels a network runs for a number of samples: for the product of each layer, forward and backward.
///
/// What is printed is the plan itself, from the sizes of the layers and the registers of the instruction set: nothing is run. `samples` are those that go through
/// a layer at a time: a larger batch goes through it in pieces, whose length the network's sizes decide.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::{ExecutionPlan, simd::InstructionSet};
///
/// network! { struct Digits<input 784 => dense 128 sigmoid => dense 10>; }
///
/// println!("{}", Digits::plan(32));
/// let plan = ExecutionPlan::on::<Digits>(1, InstructionSet::Avx512);
/// assert_eq!(plan.rows[0].kernels.forward.to_string(), "Gemv(Vectors)");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExecutionPlan {
    /// How many samples go through a layer at a time.
    pub samples: usize,
    /// The instruction set.
    pub set: InstructionSet,
    /// The layers that have products, in order.
    pub rows: Vec<LayerKernels>,
}

/// A layer in an [`ExecutionPlan`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LayerKernels {
    /// The field, `dense1`.
    pub name: String,
    /// Its product, and what computes it.
    pub kernels: LayerPlan,
}

impl ExecutionPlan {
    /// On the [current](InstructionSet::current) instruction set.
    pub fn of<L: Layer>(samples: usize) -> Self {
        Self::on::<L>(samples, InstructionSet::current())
    }

    /// On an instruction set, which this machine need not have.
    pub fn on<L: Layer>(samples: usize, set: InstructionSet) -> Self {
        let mut rows = Vec::new();
        L::describe(&ParameterPath::ROOT, &mut |path, part| {
            if let Part::Kernels(plan) = part {
                rows.push(LayerKernels { name: path.to_string(), kernels: plan(samples, set) });
            }
        });
        Self { samples, set, rows }
    }
}

impl fmt::Display for ExecutionPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEADER: [&str; 6] =
            ["layer", "m x k x n", "forward", "in training", "input gradient", "weight gradient"];
        let rows = self.rows.iter().map(|LayerKernels { name, kernels }| {
            let [m, k, n] = kernels.product;
            [
                name.clone(),
                format!("{m}x{k}x{n}"),
                kernels.forward.to_string(),
                kernels.training.to_string(),
                kernels.input_gradient.to_string(),
                kernels.weight_gradient.to_string(),
            ]
        });
        let table: Vec<_> = core::iter::once(HEADER.map(String::from)).chain(rows).collect();
        let widths: [usize; 6] = core::array::from_fn(|column| {
            table.iter().map(|row| row[column].len()).max().unwrap_or(0)
        });
        let samples = if self.samples == 1 { "sample" } else { "samples" };
        write!(formatter, "{} {samples} on {}", self.samples, self.set)?;
        for row in &table {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line += &format!("{cell:<width$}  ");
            }
            write!(formatter, "\n{}", line.trim_end())?;
        }
        Ok(())
    }
}
