//! Networks with several heads: each has a loss and targets of its own, and the losses are added.
//!
//! `network!` makes one struct with a field for each head, which is [`Loss`] where its fields are; that calls what is here, once for each head.

use core::slice;

use super::Loss;
use crate::core::{Sample, split_samples};
use crate::memory::Heap;

/// So many targets of a head are copied together, if they are small: a loss of many samples at a time is faster.
const TOGETHER: usize = 32;

/// No larger than this, in bytes.
const SMALL: usize = 64;

/// The loss of one head: of the field `of` of the outputs, and the field `target` of the targets. Its gradient takes the place of the outputs.
pub fn evaluate<R, O, Q, Y, A, L>(
    loss: &L,
    (records, output): (&mut [R], fn(&mut R) -> &mut O),
    (targets, target): (&[Q], fn(&Q) -> &Y),
    scale: O::Scalar,
) -> f64
where
    R: Sample,
    O: Sample<Scalar = R::Scalar>,
    Y: Copy,
    L: Loss<O, Y, A>,
{
    let mut heap = Heap::default();
    let (outputs, _) = split_samples::<O>(heap.take(records.len() * O::LEN), records.len());
    for (own, record) in outputs.iter_mut().zip(&mut *records) {
        *own = *output(record);
    }
    let mut sum = 0.0;
    if !L::PER_SAMPLE {
        let targets: Vec<Y> = targets.iter().map(|record| *target(record)).collect();
        sum = loss.evaluate(outputs, &targets, scale);
    } else if size_of::<Y>() > SMALL {
        for (output, record) in outputs.chunks_mut(1).zip(targets) {
            sum += loss.evaluate(output, slice::from_ref(target(record)), scale);
        }
    } else {
        for (outputs, records) in outputs.chunks_mut(TOGETHER).zip(targets.chunks(TOGETHER)) {
            // Behind the last one, its copies fill the array.
            let last = records.len() - 1;
            let targets: [Y; TOGETHER] =
                core::array::from_fn(|index| *target(&records[index.min(last)]));
            sum += loss.evaluate(outputs, &targets[..records.len()], scale);
        }
    }
    for (own, record) in outputs.iter().zip(records) {
        *output(record) = *own;
    }
    sum
}

/// The loss of one head of a loss of several.
pub(crate) struct OfHead<'a, L> {
    pub(crate) loss: &'a L,
    pub(crate) head: usize,
}

impl<O: Sample, Y, A, L: Loss<O, Y, A>> Loss<O, Y, A> for OfHead<'_, L> {
    type Size = L::Size;
    const PER_SAMPLE: bool = L::PER_SAMPLE;

    fn evaluate(&self, scores: &mut [O], targets: &[Y], scale: O::Scalar) -> f64 {
        self.loss.evaluate_head(self.head, scores, targets, scale)
    }
}
