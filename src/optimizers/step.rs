//! Steps of an optimizer over the parameters of a network, whose gradient comes block by block or is there as a whole.

use core::ops::Range;

use super::{Optimizer, State, Tensor, Tensors, Update};
use crate::Layer;
use crate::core::Scalar;
use crate::layers::Kind;
use crate::parallel::{Split, WORTH_WAKING, cut, share_whole};

/// An optimizer and its state for one step, in which the state is changed and the optimizer asked at the same time.
///
/// The optimizer has it back however the step ends: where a loss, a layer or a rule of the user's own panics and he catches that, moments, frozen layers
/// and the number of steps are still there.
pub(crate) struct Lent<'a, T: Scalar, O: Optimizer<T>> {
    pub(crate) optimizer: &'a mut O,
    pub(crate) state: State<T>,
}

impl<'a, T: Scalar, O: Optimizer<T>> From<&'a mut O> for Lent<'a, T, O> {
    fn from(optimizer: &'a mut O) -> Self {
        let state = core::mem::take(optimizer.state_mut());
        Self { optimizer, state }
    }
}

impl<T: Scalar, O: Optimizer<T>> Drop for Lent<'_, T, O> {
    fn drop(&mut self) {
        *self.optimizer.state_mut() = core::mem::take(&mut self.state);
    }
}

/// Parameters of a network, those from one place on, and what an optimizer keeps for each.
pub(crate) struct Step<'a, T, O> {
    parameters: &'a mut [T],
    first: &'a mut [T],
    second: &'a mut [T],
    /// The place of the first parameter in the network.
    at: usize,
    optimizer: &'a O,
    tensors: &'a Tensors,
    number: u64,
}

impl<'a, T: Scalar, O: Optimizer<T>> Step<'a, T, O> {
    /// Step `number` over all parameters.
    pub(crate) fn new(
        parameters: &'a mut [T],
        [first, second]: [&'a mut [T]; 2],
        optimizer: &'a O,
        tensors: &'a Tensors,
        number: u64,
    ) -> Self {
        Self { parameters, first, second, at: 0, optimizer, tensors, number }
    }

    /// Moves some parameters along their gradient: a function that all layers share.
    #[inline(never)]
    pub(crate) fn follow(&mut self, gradient: &[T], range: Range<usize>) {
        let mut start = range.start;
        while start < range.end {
            let tensor = self.tensors.at(self.at + start);
            let end = (tensor.end - self.at).min(range.end);
            let gradient = &gradient[start - range.start..end - range.start];
            self.update(start..end, gradient, &[T::one()]);
            start = end;
        }
    }

    /// Moves some parameters of one tensor.
    pub(crate) fn update(&mut self, range: Range<usize>, gradient: &[T], factors: &[T]) {
        let Tensor { kind, settings, .. } = *self.tensors.at(self.at + range.start);
        if settings.frozen {
            return;
        }
        if kind == Kind::Statistic {
            // What a layer keeps count of is not learned: no learning rate, moments or decay.
            for (parameter, difference) in self.parameters[range].iter_mut().zip(gradient) {
                *parameter -= *difference;
            }
            return;
        }
        self.optimizer.update(Update {
            step: self.number,
            kind,
            learning_rate_factor: settings.learning_rate_factor,
            weight_decay: settings.weight_decay,
            parameters: &mut self.parameters[range.clone()],
            gradient,
            factors,
            first: self.first.get_mut(range.clone()).unwrap_or_default(),
            second: self.second.get_mut(range).unwrap_or_default(),
        });
    }
}

impl<T, O> Step<'_, T, O> {
    /// All of these.
    #[inline(always)]
    pub(crate) fn parameters(&self) -> &[T] {
        self.parameters
    }

    pub(crate) fn is_frozen(&self, range: Range<usize>) -> bool {
        self.tensors.are_frozen(self.at + range.start..self.at + range.end)
    }

    /// For so many parameters from the first on, and for the others.
    #[inline(always)]
    pub(crate) fn split_at(self, count: usize) -> (Self, Self) {
        // An optimizer may keep fewer numbers.
        let (first, first_rest) = self.first.split_at_mut(count.min(self.first.len()));
        let (second, second_rest) = self.second.split_at_mut(count.min(self.second.len()));
        let (parameters, rest) = self.parameters.split_at_mut(count);
        let Self { at, .. } = self;
        (
            Self { parameters, first, second, at, ..self },
            Self {
                parameters: rest,
                first: first_rest,
                second: second_rest,
                at: at + count,
                ..self
            },
        )
    }
}

/// A step along a whole gradient.
pub(crate) struct Along<'a, T, O> {
    pub(crate) step: Step<'a, T, O>,
    pub(crate) gradient: &'a [T],
}

/// How many parameters a thread moves at least.
const BLOCK: usize = 2 * 1024;

impl<T: Scalar, O: Optimizer<T>> Split for Along<'_, T, O> {
    fn run(mut self) {
        self.step.follow(self.gradient, 0..self.gradient.len());
    }

    fn multiply_adds(&self) -> usize {
        // Some operations for each parameter and its moments, and it waits for memory.
        24 * self.gradient.len()
    }

    fn split(self, part: usize, whole: usize) -> (Self, Self) {
        let count = cut(self.gradient.len(), BLOCK, part, whole);
        let (step, rest) = self.step.split_at(count);
        let (gradient, others) = self.gradient.split_at(count);
        (Self { step, gradient }, Self { step: rest, gradient: others })
    }
}

/// Whether a step that was just taken left finite weights, statistics and moments, where it is looked at: after the first step and every 64th from there on, and
/// where the loss was so large that products of gradients may be infinite.
///
/// To look at all numbers after every step took 2 to 11% of the time of a step of one sample. Weights that are not finite give a loss that is not, and no
/// step, at the next batch anyway; it is moments that nothing else would show.
pub(crate) fn left_finite<T: Scalar>(state: &State<T>, parameters: &[T], loss: T) -> bool {
    const EVERY: u64 = 64;
    const LARGE: f64 = 1e12;
    if state.steps % EVERY != 1 && loss.as_f64().abs() < LARGE {
        return true;
    }
    state.tensors.learn(0..parameters.len()).all(|range| {
        let moments = [&state.first, &state.second].map(|moment| moment.get(range.clone()));
        T::are_finite(&parameters[range])
            && moments.into_iter().flatten().all(|moment| T::are_finite(moment))
    })
}

/// [`Optimizer::apply`]
pub(super) fn apply<T, O, N>(optimizer: &mut O, net: &mut N, gradient: &N) -> bool
where
    T: Scalar,
    O: Optimizer<T>,
    N: Layer<Scalar = T>,
{
    let moments = optimizer.moments();
    optimizer.state_mut().prepare::<N>(moments);
    let mut lent = Lent::from(optimizer);
    let Lent { optimizer, state } = &mut lent;
    let gradient = gradient.as_slice();
    if !state.tensors.learn(0..N::COUNT).all(|range| T::are_finite(&gradient[range])) {
        return false;
    }
    let State { steps, first, second, tensors, .. } = state;
    let moments = [first.as_mut_slice(), second.as_mut_slice()];
    let parameters = net.as_mut_slice();
    let step = Step::new(parameters, moments, &**optimizer, tensors, *steps + 1);
    share_whole(Along { step, gradient }, WORTH_WAKING);
    state.steps += 1;
    state.run.left = None;
    left_finite(state, net.as_slice(), T::zero())
}
