//! A batch through a layer or a network, on as many threads as pay.

use super::Layer;
use super::outlined::{Infer, infer};
use crate::parallel::{Split, cut, share_whole};

/// The output for each input. From `least` multiplications with an addition on, the batch is shared with other threads: the outputs are the
/// same to the bit.
pub(crate) fn forward_batch<L: Layer>(
    layer: &L,
    inputs: &[L::Input],
    outputs: &mut [L::Output],
    least: usize,
) {
    share_whole(ForwardBatch { layer, inputs, outputs }, least);
}

/// Samples are cut in multiples of this: so many columns fill tiles of the matrix kernels, and the parts of usual batches have the same size.
const UNIT: usize = 8;

struct ForwardBatch<'a, L: Layer> {
    layer: &'a L,
    inputs: &'a [L::Input],
    outputs: &'a mut [L::Output],
}

impl<L: Layer> Split for ForwardBatch<'_, L> {
    fn run(self) {
        infer::<L, _>(Infer { layer: self.layer, inputs: self.inputs, outputs: self.outputs });
    }

    fn multiply_adds(&self) -> usize {
        self.inputs.len() * L::MULTIPLY_ADDS
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let Self { layer, inputs, outputs } = self;
        let count = cut(inputs.len(), UNIT, part, whole);
        let (inputs, other_inputs) = inputs.split_at(count);
        let (outputs, other_outputs) = outputs.split_at_mut(count);
        (
            Self { layer, inputs, outputs },
            Self { layer, inputs: other_inputs, outputs: other_outputs },
        )
    }
}
