//! The gradient of a weight matrix, handed over in blocks.

use core::ops::Range;

use super::GradientSink;
use crate::core::Scalar;
use crate::kernels::{Gemm, Init, MatrixMut, WeightGradientPlan, cut_k, splits_k};
use crate::parallel::{Split, share};
use crate::simd::Isa;

/// dW = dY Xᵀ into a sink: a function that all layers of one scalar share.
pub(super) struct WeightGradient<'a, T> {
    /// dY: one column a sample.
    pub(super) score_gradient: &'a [T],
    /// X: one column a sample.
    pub(super) inputs: &'a [T],
    pub(super) samples: usize,
    /// Rows of dW.
    pub(super) outputs: usize,
    /// From one sample of the inputs to the next.
    pub(super) stride: usize,
    /// For whole columns of W, `outputs` parameters each; the first belongs to the input `inputs[0]`.
    pub(super) sink: GradientSink<'a, T>,
}

impl<T: Scalar> Split for WeightGradient<'_, T> {
    /// A step.
    fn run(mut self) {
        let columns = self.sink.parameters().len() / self.outputs.max(1);
        let plan = WeightGradientPlan::of(self.outputs, self.samples, size_of::<T>());
        let width = match plan {
            WeightGradientPlan::OuterProduct if columns > 0 => {
                let row = &self.inputs[..columns];
                return self.sink.outer_product(self.score_gradient, row);
            }
            WeightGradientPlan::OuterProduct => return,
            WeightGradientPlan::Blocks { columns } => columns,
        };
        let mut column = 0;
        while column < columns {
            let end = (column + width).min(columns);
            self.block(column..end);
            column = end;
        }
    }

    fn multiply_adds(&self) -> usize {
        // A step takes a few more operations for each parameter, and waits for memory.
        self.sink.parameters().len() * (self.samples + 4)
    }

    fn is_halved(&self) -> bool {
        splits_k(self.outputs, self.sink.parameters().len() / self.outputs.max(1))
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { score_gradient, inputs, samples, outputs, stride, sink } = self;
        let columns = sink.parameters().len() / outputs.max(1);
        let first = cut_k(columns, part, whole);
        let (sink, rest) = sink.split_at(first * outputs);
        let others = &inputs[first.min(inputs.len())..];
        (
            Self { score_gradient, inputs, samples, outputs, stride, sink },
            Self { score_gradient, inputs: others, samples, outputs, stride, sink: rest },
        )
    }
}

impl<T: Scalar> WeightGradient<'_, T> {
    /// A gradient as a whole; a step in blocks, which threads share.
    #[inline]
    pub(super) fn compute(mut self) {
        if self.sink.is_frozen() {
            return;
        }
        if self.sink.is_step() {
            share(self);
        } else {
            let columns = self.sink.parameters().len() / self.outputs.max(1);
            self.block(0..columns);
        }
    }

    #[inline]
    fn block(&mut self, columns: Range<usize>) {
        let outputs = self.outputs;
        let parameters = columns.start * outputs..columns.end * outputs;
        let mut block = self.sink.block(parameters);
        let (gradient, accumulate) = block.room();
        let product = Gemm {
            a: self.score_gradient,
            a_stride: outputs,
            b: self.inputs.get(columns.start..).unwrap_or_default(),
            b_stride: self.stride,
            c: MatrixMut::whole(gradient, outputs),
            k: self.samples,
            init: if accumulate { Init::Accumulate } else { Init::Zero },
        };
        T::gemm_transposed_b(Isa::current(), product);
        block.finish();
    }
}
