//! Optimizers: definitions and defaults are PyTorch's.

mod adagrad;
mod adam;
mod rmsprop;
mod sgd;

use pulp::Simd;

pub use adagrad::AdaGrad;
pub use adam::{Adam, AdamW};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use crate::Layer;
use crate::kernels::{Scalar, Vector};
use crate::layers::{Context, Kind, Part, Path};

/// A rule that moves parameters along their gradient.
///
/// An optimizer belongs to the network that it steps first: its moments are made then, one number a parameter.
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
    /// The parameters of the network that it steps.
    count: usize,
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

    /// Forgets all steps: the moments are zero again.
    pub fn reset(&mut self) {
        self.steps = 0;
        self.first.fill(T::zero());
        self.second.fill(T::zero());
    }

    /// Makes the moments at the first step.
    pub(crate) fn prepare<N: Layer<Scalar = T>>(&mut self, moments: usize) {
        if self.tensors.0.is_empty() {
            self.tensors = Tensors::of::<N>();
            self.count = N::COUNT;
            self.first = vec![T::zero(); if moments > 0 { N::COUNT } else { 0 }];
            self.second = vec![T::zero(); if moments > 1 { N::COUNT } else { 0 }];
        }
        assert_eq!(
            self.count,
            N::COUNT,
            "an optimizer belongs to the network that it stepped first: this one has another size"
        );
    }
}

impl<T: Scalar> State<T> {
    /// Makes room for a step. It is kept for the next one.
    pub(crate) fn reserve(&mut self, memory: usize, gradient: usize) {
        if self.memory.len() < memory {
            self.memory.resize(memory, T::zero());
        }
        if self.gradient.len() < gradient {
            self.gradient.resize(gradient, T::zero());
        }
    }

    /// Of the forward pass of the next step.
    pub(crate) fn context(&self) -> Context {
        Context::training(Context::training(self.seed).random(self.steps))
    }
}

/// The tensors of a network, by where they end among its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tensors(Vec<(Kind, usize)>);

impl Tensors {
    fn of<N: Layer>() -> Self {
        let mut tensors = Vec::new();
        let mut end = 0;
        N::describe(&Path::ROOT, &mut |_, part| {
            if let Part::Tensor { kind, shape } = part {
                end += shape.iter().product::<usize>();
                tensors.push((kind, end));
            }
        });
        assert_eq!(end, N::COUNT, "a layer describes other tensors than it holds");
        Self(tensors)
    }

    /// The kind of the tensor that a parameter is in, and where it ends.
    #[inline(always)]
    pub(crate) fn at(&self, parameter: usize) -> (Kind, usize) {
        let index = self.0.partition_point(|(_, end)| *end <= parameter);
        self.0[index]
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

    #[inline(always)]
    fn of(self, kind: Kind) -> f64 {
        if self.weights_only && kind == Kind::Bias { 0.0 } else { self.rate }
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
    mut moments: [&mut [T]; M],
    rule: &impl Rule<T, S, M>,
) {
    let lanes = Vector::<T, S>::LANES;
    let length = gradient.len();
    let whole = length - length % lanes;
    let total = parameters.len();
    assert_eq!(total, length * factors.len(), "a gradient of another length than the parameters");
    for moment in &moments {
        assert_eq!(moment.len(), total, "the slices of one tensor have different lengths");
    }
    let mut vectors = [Vector::splat(simd, T::zero()); M];
    for (index, factor) in factors.iter().enumerate() {
        let start = index * length;
        let factor = Vector::splat(simd, *factor);
        let parameters = &mut parameters[start..start + length];
        let mut moments = moments.each_mut().map(|moment| &mut moment[start..start + length]);
        let mut at = 0;
        while at < whole {
            for (vector, moment) in vectors.iter_mut().zip(&moments) {
                *vector = Vector::load(simd, &moment[at..at + lanes]);
            }
            let parameter = Vector::load(simd, &parameters[at..at + lanes]);
            let gradient = Vector::load(simd, &gradient[at..at + lanes]) * factor;
            let (parameter, new) = rule.apply(parameter, gradient, vectors);
            parameter.store(&mut parameters[at..at + lanes]);
            for (moment, new) in moments.iter_mut().zip(new) {
                new.store(&mut moment[at..at + lanes]);
            }
            at += lanes;
        }
        if whole < length {
            for (vector, moment) in vectors.iter_mut().zip(&moments) {
                *vector = Vector::load_partial(simd, &moment[whole..]);
            }
            let parameter = Vector::load_partial(simd, &parameters[whole..]);
            let gradient = Vector::load_partial(simd, &gradient[whole..]) * factor;
            let (parameter, new) = rule.apply(parameter, gradient, vectors);
            parameter.store_partial(&mut parameters[whole..]);
            for (moment, new) in moments.iter_mut().zip(new) {
                new.store_partial(&mut moment[whole..]);
            }
        }
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
