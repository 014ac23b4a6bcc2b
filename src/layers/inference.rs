//! A batch through a layer or a network, on as many threads as pay.

use super::Layer;
use super::outlined::{Infer, infer};
use crate::kernels::FAR;
use crate::parallel::{Split, cut, share_whole, sharing, threads};

/// The output for each input. From `least` multiplications with an addition on, the batch is shared with other threads: the outputs are the
/// same to the bit.
pub(crate) fn forward_batch<L: Layer>(
    layer: &L,
    inputs: &[L::Input],
    outputs: &mut [L::Output],
    least: usize,
) {
    let work = ForwardBatch { layer, inputs, outputs };
    if is_shared_by_layers::<L>(inputs.len()) && work.multiply_adds() >= least {
        sharing(usize::MAX, || work.run());
    } else {
        share_whole(work, least);
    }
}

/// Samples are cut in multiples of this where weights are used once a sample: so many columns fill tiles of the matrix kernels, and the parts of usual batches have the same size.
const UNIT: usize = 8;

/// Weights that are used more often in each sample, those of convolutions, have enough to do with one.
const REUSED: usize = 4;

/// With fewer samples for each thread, to read all of [many](FAR) weights takes longer than to multiply by them.
const FEW: usize = 64;

/// Whether weights are used once a sample.
const fn is_dense<L: Layer>() -> bool {
    L::MULTIPLY_ADDS < REUSED * L::PARAMETERS
}

/// Whether each layer is shared for itself, and not the batch as a whole: there are fewer samples than threads, or each thread would read all of many weights for few samples.
fn is_shared_by_layers<L: Layer>(samples: usize) -> bool {
    let each = samples / threads();
    each == 0 || each < FEW && is_dense::<L>() && L::PARAMETERS >= FAR
}

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
        let unit = if is_dense::<L>() { UNIT } else { 1 };
        let count = cut(inputs.len(), unit, part, whole);
        let (inputs, other_inputs) = inputs.split_at(count);
        let (outputs, other_outputs) = outputs.split_at_mut(count);
        (
            Self { layer, inputs, outputs },
            Self { layer, inputs: other_inputs, outputs: other_outputs },
        )
    }
}
