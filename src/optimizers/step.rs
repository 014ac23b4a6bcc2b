//! Steps of an optimizer over the parameters of a network, whose gradient comes block by block or is there as a whole.

use core::ops::Range;

use super::{Optimizer, State, Tensor, Tensors, Update};
use crate::core::Scalar;
use crate::kernels::update::Operands;
use crate::layers::{Descent, Described, Kind, OfTree, ParameterTree, Step, Trained};
use crate::parallel::{Split, WORTH_WAKING, cut, share_whole};

/// An optimizer without its state, and the state: a step changes the one while it asks the other.
///
/// Dropped, it gives the state back to the optimizer. So moments, frozen layers and the number of steps are still there where a loss, a layer or a rule of
/// the user's own panics, and the panic is caught.
pub(crate) struct Lent<'a, T: Scalar, O: Optimizer<T>> {
    pub(crate) optimizer: &'a mut O,
    pub(crate) state: State<T>,
}

impl<'a, T: Scalar, O: Optimizer<T>> From<&'a mut O> for Lent<'a, T, O> {
    fn from(optimizer: &'a mut O) -> Self {
        let state = optimizer.state_mut().lend();
        Self { optimizer, state }
    }
}

impl<T: Scalar, O: Optimizer<T>> Drop for Lent<'_, T, O> {
    fn drop(&mut self) {
        core::mem::swap(self.optimizer.state_mut(), &mut self.state);
    }
}

/// One step of an optimizer over the parameters of a network.
pub(crate) struct Stepping<'a, O> {
    optimizer: &'a O,
    tensors: &'a Tensors,
    /// From 1 on.
    number: u64,
    /// Whether any tensor is frozen. Layers ask for each of theirs, and as a rule none is.
    some_are_frozen: bool,
}

impl<'a, O> Stepping<'a, O> {
    pub(crate) fn new(optimizer: &'a O, tensors: &'a Tensors, number: u64) -> Self {
        Self { optimizer, tensors, number, some_are_frozen: tensors.some_are_frozen() }
    }

    /// Moves parameters of one tensor.
    fn update<T: Scalar>(&self, tensor: &Tensor, operands: Operands<'_, T>)
    where
        O: Optimizer<T>,
    {
        let &Tensor { kind, settings, .. } = tensor;
        if settings.frozen {
            return;
        }
        if kind == Kind::Statistic {
            // A statistic is not learned: no learning rate, moments or decay. Its gradient is the difference from the new value.
            for (parameter, difference) in operands.parameters.iter_mut().zip(operands.gradient) {
                *parameter -= *difference;
            }
            return;
        }
        self.optimizer.update(Update {
            step: self.number,
            kind,
            learning_rate: self.optimizer.learning_rate() * settings.learning_rate_factor,
            weight_decay: settings.weight_decay,
            operands,
        });
    }
}

impl<T: Scalar, O: Optimizer<T>> Descent<T> for Stepping<'_, O> {
    fn follow(&self, trained: Trained<'_, T>, gradient: &[T], factors: &[T]) {
        let Trained { at, parameters, mut moments } = trained;
        let (total, mut start) = (parameters.len(), 0);
        while start < total {
            let tensor = self.tensors.at(at + start);
            let range = start..(tensor.end - at).min(total);
            start = range.end;
            // An outer product is that of one tensor.
            let gradient = if range.len() == total { gradient } else { &gradient[range.clone()] };
            let (parameters, moments) =
                (&mut parameters[range.clone()], moments.rows_between(range));
            self.update(tensor, Operands { parameters, gradient, factors, moments });
        }
    }

    fn are_frozen(&self, parameters: Range<usize>) -> bool {
        self.some_are_frozen && self.tensors.are_frozen(parameters)
    }
}

/// A step along a whole gradient.
pub(crate) struct Along<'a, T> {
    pub(crate) step: Step<'a, T>,
    pub(crate) gradient: &'a [T],
}

/// How many parameters a thread moves at least.
const BLOCK: usize = 2 * 1024;

impl<T: Scalar> Split for Along<'_, T> {
    fn run(self) {
        self.step.descent.follow(self.step.trained, self.gradient, &[T::one()]);
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
        T::are_finite(&parameters[range.clone()])
            && state.moments.columns().all(|moment| T::are_finite(&moment[range.clone()]))
    })
}

/// [`Optimizer::apply`]
pub(super) fn apply<T, O, N, M>(optimizer: &mut O, net: &mut N, gradient: &N) -> bool
where
    T: Scalar,
    O: Optimizer<T>,
    N: ParameterTree<M, Scalar = T>,
{
    apply_described::<T, O, OfTree<N, M>>(optimizer, net.as_mut_slice(), gradient.as_slice())
}

/// [`Optimizer::apply`], whatever has the parameters.
pub(crate) fn apply_described<T, O, D>(
    optimizer: &mut O,
    parameters: &mut [T],
    gradient: &[T],
) -> bool
where
    T: Scalar,
    O: Optimizer<T>,
    D: Described<Scalar = T>,
{
    let moments = optimizer.moments();
    optimizer.state_mut().prepare::<D>(moments);
    let mut lent = Lent::from(optimizer);
    let Lent { optimizer, state } = &mut lent;
    if !state.tensors.learn(0..gradient.len()).all(|range| T::are_finite(&gradient[range])) {
        return false;
    }
    let State { steps, moments, tensors, .. } = state;
    let moments = moments.view();
    let learns_from = tensors.learns_from();
    let descent = Stepping::new(&**optimizer, tensors, *steps + 1);
    let trained = Trained { at: 0, parameters: &mut *parameters, moments };
    let step = Step { trained, descent: &descent, learns_from };
    share_whole(Along { step, gradient }, WORTH_WAKING);
    state.steps += 1;
    state.run.left = None;
    left_finite(state, parameters, T::zero())
}
