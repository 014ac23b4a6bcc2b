//! Optimizers: definitions and defaults are PyTorch's.

mod adagrad;
mod adam;
mod compiled;
mod rmsprop;
mod settings;
mod sgd;

use core::any::TypeId;

use core::slice::ChunksExactMut;

use pulp::Simd;

pub use adagrad::AdaGrad;
pub use adam::{Adam, AdamW};
#[doc(hidden)]
pub use compiled::Moves;
pub use rmsprop::RmsProp;
pub(crate) use settings::{Tensor, Tensors};
pub use sgd::Sgd;

use crate::kernels::{Scalar, Vector, zeros};
use crate::layers::{Context, Kind};
use crate::{Layer, Parameters};
use settings::{Settings, place};

/// A rule that moves parameters along their gradient.
///
/// An optimizer belongs to the network that it steps first: its moments are made then, one number a parameter.
///
/// # Layers that learn in another way
///
/// [`freeze`](Self::freeze), [`scale_learning_rate`](Self::scale_learning_rate) and [`set_weight_decay`](Self::set_weight_decay) are for
/// a part of the network, which a function of it names by its fields: a tensor, a layer, a network inside the network, or all of it.
/// A label that is not there does not compile.
///
/// ```
/// use axonal::prelude::*;
///
/// network! {
///     struct Encoder<input 8 => dense 6 tanh>;
///     struct Judge<input 8 => Encoder => hidden: dense 4 tanh => head: dense 1 sigmoid>;
/// }
///
/// let mut net = Judge::random(&mut StdRng::seed_from_u64(1));
/// let start = net.clone();
/// let mut optimizer = AdamW::new(0.01);
/// optimizer
///     .freeze(&*net, |net| &net.encoder1)
///     .scale_learning_rate(&*net, |net| &net.hidden, 0.1)
///     .set_weight_decay(&*net, |net| &net.head.weight, 0.2);
/// net.train_step(&[SVector::repeat(0.5)], &[true], &BinaryCrossEntropy, &mut optimizer);
/// assert_eq!(net.encoder1, start.encoder1);
/// assert_ne!(net.hidden, start.hidden);
///
/// // Later, all of it, in small steps.
/// optimizer.unfreeze(&*net, |net| net).set_learning_rate(1e-4);
/// ```
///
/// Settings can be made and changed at any time; a later one of the same kind takes the place of an earlier one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer of a network of `{T}`",
    note = "an optimizer keeps numbers of the network's own type: `Adam<f64>` for a network of `f64`"
)]
pub trait Optimizer<T: Scalar>: Sync {
    /// The step size.
    fn learning_rate(&self) -> f64;

    /// Changes the step size, for the steps to come.
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// How many numbers it keeps for each parameter: 0, 1 or 2.
    fn moments(&self) -> usize;

    /// What it keeps between steps.
    fn state(&self) -> &State<T>;

    /// What it keeps between steps.
    fn state_mut(&mut self) -> &mut State<T>;

    /// Moves the parameters of one tensor.
    fn update<S: Simd>(&self, simd: S, tensor: Update<'_, T>);

    /// [`update`](Self::update) on the current instruction set.
    #[doc(hidden)]
    fn dispatch_update(&self, tensor: Update<'_, T>)
    where
        Self: Sized,
    {
        compiled::dispatch_update(self, tensor);
    }

    /// Keeps a part of the network as it is, to the bit, with its moments and its running statistics, until it is
    /// [unfrozen](Self::unfreeze). The others learn through it.
    ///
    /// A `dropout` in it goes on, and a `batchnorm` in it still takes the mean and variance of each batch while training, as in PyTorch.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network, or the part is no part of this one.
    fn freeze<N, P>(&mut self, net: &N, part: impl Fn(&N) -> &P) -> &mut Self
    where
        Self: Sized,
        N: Layer<Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings(net, part(net)) {
            settings.frozen = true;
        }
        self
    }

    /// Lets a part of the network learn again, with the moments that it had.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze).
    fn unfreeze<N, P>(&mut self, net: &N, part: impl Fn(&N) -> &P) -> &mut Self
    where
        Self: Sized,
        N: Layer<Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings(net, part(net)) {
            settings.frozen = false;
        }
        self
    }

    /// Multiplies the learning rate by `factor`, whatever it is or becomes, for a part of the network.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze).
    fn scale_learning_rate<N, P>(
        &mut self,
        net: &N,
        part: impl Fn(&N) -> &P,
        factor: f64,
    ) -> &mut Self
    where
        Self: Sized,
        N: Layer<Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings(net, part(net)) {
            settings.learning_rate_factor = factor;
        }
        self
    }

    /// Sets the weight decay of a part of the network, in the place of the optimizer's own.
    ///
    /// An optimizer that lets weights alone decay (`decay_weights_only`) does so here too: biases in the part do not decay.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze).
    fn set_weight_decay<N, P>(&mut self, net: &N, part: impl Fn(&N) -> &P, rate: f64) -> &mut Self
    where
        Self: Sized,
        N: Layer<Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings(net, part(net)) {
            settings.weight_decay = Some(rate);
        }
        self
    }
}

/// Some parameters of one tensor, as an optimizer sees them.
///
/// Parameters and moments have one length, or none for moments that the optimizer does not ask for.
/// The gradient may be that of a single sample, an outer product: it is then given as its two vectors, and never stored.
#[derive(Debug)]
pub struct Update<'a, T> {
    /// The number of this step, from 1 on.
    pub step: u64,
    /// Whether this is a weight or a bias.
    pub kind: Kind,
    /// What the learning rate is multiplied by, 1 unless [set](Optimizer::scale_learning_rate).
    pub learning_rate_factor: f64,
    /// What the weight decay is here, if it is not the optimizer's own ([`Optimizer::set_weight_decay`]).
    pub weight_decay: Option<f64>,
    /// The parameters.
    pub parameters: &'a mut [T],
    /// ∂loss/∂parameter, over a factor: that of parameter i is `gradient[i % n] * factors[i / n]`, where n is the length of `gradient`.
    pub gradient: &'a [T],
    /// One for each time that `gradient` fits into the parameters. A gradient as long as these has one factor, which is 1.
    pub factors: &'a [T],
    /// The first number kept for each parameter.
    pub first: &'a mut [T],
    /// The second number kept for each parameter.
    pub second: &'a mut [T],
}

/// What an optimizer keeps between steps: its moments, and the memory that a step needs.
#[derive(Clone, Debug, Default)]
pub struct State<T> {
    pub(crate) steps: u64,
    pub(crate) seed: u64,
    pub(crate) first: Vec<T>,
    pub(crate) second: Vec<T>,
    /// The type of the network that it steps.
    network: Option<TypeId>,
    pub(crate) tensors: Tensors,
    pub(crate) gradient: Vec<T>,
    pub(crate) memory: Vec<T>,
}

impl<T: Scalar> State<T> {
    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets where the randomness of training, such as dropout's, begins; 0 unless told otherwise.
    /// A [`Trainer`](crate::training::Trainer) draws it from the generator that it is given.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Forgets all steps: the moments are zero again. What was set for parts of the network stays.
    pub fn reset(&mut self) {
        self.steps = 0;
        self.first.fill(T::zero());
        self.second.fill(T::zero());
    }

    /// Makes the moments at the first step.
    pub(crate) fn prepare<N: Layer<Scalar = T>>(&mut self, moments: usize) {
        self.belong_to::<N>();
        for (index, moment) in [&mut self.first, &mut self.second].into_iter().enumerate() {
            if index < moments && moment.len() < N::COUNT {
                *moment = zeros(N::COUNT);
            }
        }
    }

    fn belong_to<N: Layer<Scalar = T>>(&mut self) {
        let network = TypeId::of::<N>();
        assert!(
            *self.network.get_or_insert(network) == network,
            "an optimizer belongs to the network that it stepped first: `{}` is of another type",
            core::any::type_name::<N>()
        );
        if self.tensors.is_empty() {
            self.tensors = Tensors::of::<N>();
        }
    }

    /// How a part of the network is moved.
    fn settings<N, P>(&mut self, net: &N, part: &P) -> impl Iterator<Item = &mut Settings>
    where
        N: Layer<Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        self.belong_to::<N>();
        self.tensors.settings(place(net, part))
    }
}

impl<T: Scalar> State<T> {
    /// Makes room for a step. It is kept for the next one.
    pub(crate) fn reserve(&mut self, memory: usize, gradient: usize) {
        if self.memory.len() < memory {
            self.memory = zeros(memory);
        }
        if self.gradient.len() < gradient {
            self.gradient = zeros(gradient);
        }
    }

    /// Of the forward pass of the next step.
    pub(crate) fn context(&self) -> Context {
        Context::training(Context::training(self.seed).random(self.steps))
    }
}

/// Weight decay: how much, and whether biases decay too (they do in PyTorch).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decay {
    rate: f64,
    weights_only: bool,
}

impl Decay {
    const fn new(rate: f64) -> Self {
        Self { rate, weights_only: false }
    }

    /// That of a tensor, which may have one of its `own`.
    #[inline(always)]
    fn of(self, kind: Kind, own: Option<f64>) -> f64 {
        if self.weights_only && kind == Kind::Bias { 0.0 } else { own.unwrap_or(self.rate) }
    }
}

/// What an optimizer does to each parameter, in vectors: from parameter, gradient and the `M` moments to the new parameter and moments.
///
/// A trait, not a closure: a closure would not be compiled for the instruction set of the pass.
trait Rule<T: Scalar, S: Simd, const M: usize> {
    fn apply(
        &self,
        parameter: Vector<T, S>,
        gradient: Vector<T, S>,
        moments: [Vector<T, S>; M],
    ) -> (Vector<T, S>, [Vector<T, S>; M]);
}

/// Runs a rule over some parameters.
#[inline(always)]
fn for_each<T: Scalar, S: Simd, const M: usize>(
    simd: S,
    parameters: &mut [T],
    gradient: &[T],
    factors: &[T],
    moments: [&mut [T]; M],
    rule: &impl Rule<T, S, M>,
) {
    let lanes = Vector::<T, S>::LANES;
    let length = gradient.len();
    let total = parameters.len();
    assert_eq!(total, length * factors.len(), "a gradient of another length than the parameters");
    for moment in &moments {
        assert_eq!(moment.len(), total, "the slices of one tensor have different lengths");
    }
    let bytes = lanes * size_of::<T>();
    let before = (bytes - parameters.as_ptr().addr() % bytes) % bytes / size_of::<T>();
    let mut numbers = Numbers { simd, parameters, moments };
    let Some((last, others)) = factors.split_last() else { return };
    if before == 0 || others.is_empty() || length == 0 || !length.is_multiple_of(lanes) {
        for (index, factor) in factors.iter().enumerate() {
            let factor = Vector::splat(simd, *factor);
            numbers.apply(index * length, gradient, factor, rule);
        }
        return;
    }
    // A store that crosses a cache line costs two: vectors begin at multiples of their size in memory, and one of them lies in two columns.
    let (head, tail) = gradient.split_at(before);
    let (tail, end) = tail.split_at(length - lanes);
    let mut joint = Vector::splat(simd, T::zero());
    let mut is_first = joint;
    for (lane, value) in end.iter().chain(head).enumerate() {
        joint.as_mut_slice()[lane] = *value;
        is_first.as_mut_slice()[lane] = if lane < end.len() { T::one() } else { T::zero() };
    }
    let is_first = is_first.equal(Vector::splat(simd, T::one()));
    let mut factor = Vector::splat(simd, factors[0]);
    numbers.apply(0, head, factor, rule);
    let mut start = before;
    for next in &factors[1..] {
        numbers.apply(start, tail, factor, rule);
        let next = Vector::splat(simd, *next);
        numbers.apply_vector(start + tail.len(), joint * is_first.select(factor, next), rule);
        factor = next;
        start += length;
    }
    numbers.apply(start, tail, Vector::splat(simd, *last), rule);
    numbers.apply(start + tail.len(), end, Vector::splat(simd, *last), rule);
}

/// What a rule changes.
struct Numbers<'a, T, S, const M: usize> {
    simd: S,
    parameters: &'a mut [T],
    moments: [&'a mut [T]; M],
}

impl<T: Scalar, S: Simd, const M: usize> Numbers<'_, T, S, M> {
    /// Along a gradient times a factor, from a first parameter on.
    #[inline(always)]
    fn apply(
        &mut self,
        start: usize,
        gradient: &[T],
        factor: Vector<T, S>,
        rule: &impl Rule<T, S, M>,
    ) {
        let lanes = Vector::<T, S>::LANES;
        let (simd, range) = (self.simd, start..start + gradient.len());
        // Iterators over whole vectors, whose lengths need no check; what follows the last one is less than a vector.
        let mut parameters = self.parameters[range.clone()].chunks_exact_mut(lanes);
        let mut moments = self.moments.each_mut().map(|m| m[range.clone()].chunks_exact_mut(lanes));
        let mut gradient = gradient.chunks_exact(lanes);
        for (parameters, gradient) in parameters.by_ref().zip(gradient.by_ref()) {
            let moments = moments.each_mut().map(|chunks| chunks.next().unwrap_or_default());
            let gradient = Vector::load(simd, gradient) * factor;
            move_vector(simd, parameters, moments, gradient, rule);
        }
        let gradient = gradient.remainder();
        if !gradient.is_empty() {
            let parameters = parameters.into_remainder();
            let moments = moments.map(ChunksExactMut::into_remainder);
            let mut vectors = [Vector::splat(simd, T::zero()); M];
            for (vector, moment) in vectors.iter_mut().zip(&moments) {
                *vector = Vector::load_partial(simd, moment);
            }
            let gradient = Vector::load_partial(simd, gradient) * factor;
            let parameter = Vector::load_partial(simd, parameters);
            let (parameter, new) = rule.apply(parameter, gradient, vectors);
            parameter.store_partial(parameters);
            for (moment, new) in moments.into_iter().zip(new) {
                new.store_partial(moment);
            }
        }
    }

    /// Along the gradient of a vector of parameters.
    #[inline(always)]
    fn apply_vector(&mut self, at: usize, gradient: Vector<T, S>, rule: &impl Rule<T, S, M>) {
        let range = at..at + Vector::<T, S>::LANES;
        let moments = self.moments.each_mut().map(|moment| &mut moment[range.clone()]);
        move_vector(self.simd, &mut self.parameters[range.clone()], moments, gradient, rule);
    }
}

/// Runs a rule over a vector of parameters.
#[inline(always)]
fn move_vector<T: Scalar, S: Simd, const M: usize>(
    simd: S,
    parameters: &mut [T],
    moments: [&mut [T]; M],
    gradient: Vector<T, S>,
    rule: &impl Rule<T, S, M>,
) {
    let mut vectors = [Vector::splat(simd, T::zero()); M];
    for (vector, moment) in vectors.iter_mut().zip(&moments) {
        *vector = Vector::load(simd, moment);
    }
    let (parameter, new) = rule.apply(Vector::load(simd, parameters), gradient, vectors);
    parameter.store(parameters);
    for (moment, new) in moments.into_iter().zip(new) {
        new.store(moment);
    }
}

/// The methods that only pass on what a field holds.
macro_rules! accessors {
    () => {
        fn learning_rate(&self) -> f64 {
            self.learning_rate
        }

        fn set_learning_rate(&mut self, learning_rate: f64) {
            self.learning_rate = learning_rate;
        }

        fn state(&self) -> &State<T> {
            &self.state
        }

        fn state_mut(&mut self) -> &mut State<T> {
            &mut self.state
        }
    };
}
use accessors;

/// The steps of an optimizer of this crate, which [are compiled](compiled) in it: its functions find the instruction set themselves.
macro_rules! updates {
    ($name:ident) => {
        fn update<S: Simd>(&self, _simd: S, tensor: Update<'_, T>) {
            T::$name(self, tensor);
        }

        fn dispatch_update(&self, tensor: Update<'_, T>) {
            T::$name(self, tensor);
        }
    };
}
use updates;

/// The methods of an optimizer with weight decay, in its `impl` block.
macro_rules! decays {
    ($doc:literal) => {
        #[doc = $doc]
        #[must_use]
        pub fn weight_decay(mut self, rate: f64) -> Self {
            self.decay.rate = rate;
            self
        }

        /// Lets weights decay, but not biases.
        #[must_use]
        pub fn decay_weights_only(mut self) -> Self {
            self.decay.weights_only = true;
            self
        }
    };
}
use decays;

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::kernels::dispatch;

    /// parameter += gradient, and the moment counts.
    struct Add;

    impl<T: Scalar, S: Simd> Rule<T, S, 1> for Add {
        #[inline(always)]
        fn apply(
            &self,
            parameter: Vector<T, S>,
            gradient: Vector<T, S>,
            [moment]: [Vector<T, S>; 1],
        ) -> (Vector<T, S>, [Vector<T, S>; 1]) {
            (parameter + gradient, [moment + moment.constant(1.0)])
        }
    }

    struct Run<'a> {
        parameters: &'a mut [f32],
        gradient: &'a [f32],
        factors: &'a [f32],
        moments: &'a mut [f32],
    }

    impl WithSimd for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { parameters, gradient, factors, moments } = self;
            for_each(simd, parameters, gradient, factors, [moments], &Add);
        }
    }

    /// An outer product, wherever in memory the parameters begin: all numbers are changed once.
    #[test]
    fn every_parameter_is_moved_once() {
        for length in [0, 1, 5, 8, 16, 48, 50, 64] {
            for count in [0, 1, 2, 5] {
                for first in 0..17 {
                    let number = |index: usize| f32::from(u8::try_from(index % 50).unwrap());
                    let gradient: Vec<f32> = (1..=length).map(number).collect();
                    let factors: Vec<f32> = (0..count).map(|index| number(index) - 1.5).collect();
                    let mut parameters = vec![0.25; first + length * count];
                    let mut moments = vec![0.5; length * count];
                    let parameters = &mut parameters[first..];
                    dispatch(Run {
                        parameters,
                        gradient: &gradient,
                        factors: &factors,
                        moments: &mut moments,
                    });
                    for (index, found) in parameters.iter().enumerate() {
                        let expected = 0.25 + gradient[index % length] * factors[index / length];
                        assert_eq!(*found, expected, "{index} of {length} x {count} at {first}");
                    }
                    assert!(moments.iter().all(|moment| *moment == 1.5), "{length} x {count}");
                }
            }
        }
    }
}
