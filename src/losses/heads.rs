//! Networks with several heads: each has a loss and targets of its own, and the losses are added.
//!
//! `network!` makes one struct with a field for each head, which is [`Loss`] where its fields are; that calls what is here, once for each head.

use core::any::Any;
use core::cell::RefCell;
use core::slice;

use super::Loss;
use crate::core::{Sample, split_samples};
use crate::memory::Heap;

/// So many targets of a head are copied together, if they are small: a loss of many samples at a time is faster.
const TOGETHER: usize = 32;

/// No larger than this, in bytes.
const SMALL: usize = 64;

/// The loss of one head: of the field `output` of the outputs, and the field `target` of the targets. Its gradient takes the place of the outputs.
pub fn evaluate<R, O, Q, Y, A, L>(
    loss: &L,
    (records, output): (&mut [R], fn(&mut R) -> &mut O),
    (targets, target): (&[Q], fn(&Q) -> &Y),
    scale: O::Scalar,
) -> f64
where
    R: Sample,
    O: Sample<Scalar = R::Scalar>,
    Y: Copy + 'static,
    L: Loss<O, Y, A>,
{
    let mut heap = Heap::default();
    let (outputs, _) = split_samples::<O>(heap.take(records.len() * O::LEN), records.len());
    for (own, record) in outputs.iter_mut().zip(&mut *records) {
        own.as_mut_slice().copy_from_slice(output(record).as_slice());
    }
    let mut sum = 0.0;
    if !L::PER_SAMPLE {
        with_kept(|kept: &mut Vec<Y>| {
            kept.clear();
            kept.extend(targets.iter().map(|record| *target(record)));
            sum = loss.evaluate(outputs, kept, scale);
        });
    } else if size_of::<Y>() > SMALL {
        for (output, record) in outputs.chunks_mut(1).zip(targets) {
            sum += loss.evaluate(output, slice::from_ref(target(record)), scale);
        }
    } else {
        for (outputs, records) in outputs.chunks_mut(TOGETHER).zip(targets.chunks(TOGETHER)) {
            sum += evaluate_together(loss, outputs, (records, target), scale);
        }
    }
    for (own, record) in outputs.iter().zip(records) {
        output(record).as_mut_slice().copy_from_slice(own.as_slice());
    }
    sum
}

thread_local! {
    /// The targets of whole batches: their memory stays, so that only the first step allocates it.
    static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Gives `work` memory that the thread keeps, with what is in it.
fn with_kept<Y: 'static>(work: impl FnOnce(&mut Vec<Y>)) {
    let take = |kept: &RefCell<Vec<Box<dyn Any>>>| {
        let mut kept = kept.borrow_mut();
        let place = kept.iter().position(|kept| kept.is::<Vec<Y>>())?;
        Some(kept.swap_remove(place))
    };
    // While a thread ends, it keeps nothing.
    let kept = KEPT.try_with(take).ok().flatten();
    let mut kept = kept.unwrap_or_else(|| Box::new(Vec::<Y>::new()));
    if let Some(kept) = kept.downcast_mut() {
        work(kept);
    }
    _ = KEPT.try_with(|all| all.borrow_mut().push(kept));
}

/// At most [`TOGETHER`] of them. A function of its own: with targets that are not small, the array would not fit on the stack, used or not.
#[inline(never)]
fn evaluate_together<O: Sample, Q, Y: Copy, A, L: Loss<O, Y, A>>(
    loss: &L,
    outputs: &mut [O],
    (records, target): (&[Q], fn(&Q) -> &Y),
    scale: O::Scalar,
) -> f64 {
    // Behind the last one, its copies fill the array.
    let last = records.len() - 1;
    let targets: [Y; TOGETHER] = core::array::from_fn(|index| *target(&records[index.min(last)]));
    loss.evaluate(outputs, &targets[..records.len()], scale)
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
