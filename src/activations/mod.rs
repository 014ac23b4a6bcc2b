//! Activation functions and their derivatives.
//!
//! Definitions, defaults and derivatives at kinks are PyTorch's. NaN in gives NaN out, on every instruction set.
//!
//! An activation is a type without a value, chosen when a network is compiled. [`Elementwise::of`] and [`apply`] call one on
//! plain numbers:
//!
//! ```
//! use axonal::activations::{self, Elementwise, Relu, Softmax};
//!
//! assert_eq!(Relu::of(-2.0), 0.0);
//!
//! let mut scores = [1.0_f32, 1.0, 1.0, 1.0];
//! activations::apply::<Softmax>(&mut scores);
//! assert_eq!(scores, [0.25; 4]);
//! ```
//!
//! One of your own is a formula on [`Vector`]s, and its derivative if it is to be trained through:
//!
//! ```
//! use axonal::activations::{Elementwise, ElementwiseGradient};
//! use axonal::simd::Vector;
//! use axonal::{Scalar, Simd};
//!
//! /// `x^3`
//! struct Cube;
//!
//! impl Elementwise for Cube {
//!     const NAME: &'static str = "cube";
//!
//!     fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
//!         x * x * x
//!     }
//! }
//!
//! impl ElementwiseGradient for Cube {
//!     const FROM_SCORE: bool = true;
//!
//!     fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, _: Vector<T, S>) -> Vector<T, S> {
//!         x.constant(3.0) * x * x
//!     }
//! }
//!
//! assert_eq!(Cube::of(2.0), 8.0);
//! assert_eq!(Cube::derivative_of(2.0), 12.0);
//! ```

mod bounded;
mod passed;
mod rectifiers;
mod softmax;

use core::fmt::{self, Display};

use pulp::{Simd, WithSimd};

use crate::core::Initializer;
use crate::core::Scalar;
use crate::kernels::{Epilogue, activate};
use crate::simd::{Vector, dispatch};

pub use bounded::{HardSigmoid, Sigmoid, Softsign, Step, Tanh};
pub use passed::{Dropped, Joined, Probabilities};
pub use rectifiers::{Elu, Gelu, Identity, LeakyRelu, Relu, Relu6, Selu, Silu, Softplus};
pub use softmax::{Softmax, log_sum_exp};
#[cfg(feature = "train")]
pub(crate) use softmax::{largest, softmax_and_logarithm};

/// An activation as layers use it: on scores, in place.
///
/// Implement [`Elementwise`] for one that looks at each number alone, and this comes with it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activation",
    note = "an activation of one's own implements `axonal::activations::Elementwise`, and `ElementwiseGradient` to be trained through"
)]
pub trait Activation: Send + Sync + 'static {
    /// Whether each number is looked at alone: [`sample`](Self::sample) does nothing.
    const ELEMENTWISE: bool = false;

    /// The decision boundary of a single output: 0.5 for a probability, 0 for a score.
    ///
    /// [`BinaryCrossEntropy`](crate::losses::BinaryCrossEntropy) takes outputs for what this says that they are.
    const THRESHOLD: f64 = 0.0;

    /// [`THRESHOLD`](Self::THRESHOLD), of several heads that of each.
    #[doc(hidden)]
    const THRESHOLDS: &'static [f64] = &[Self::THRESHOLD];

    /// Whether the outputs of a sample (or of a pixel) are the probabilities of classes, one of which it is: their sum is 1.
    ///
    /// [`CrossEntropy`](crate::losses::CrossEntropy) takes the outputs of a network that ends so for probabilities, and all others for scores.
    const DISTRIBUTION: bool = false;

    /// How the weights before it are drawn, unless the description says otherwise.
    const INITIALIZER: Initializer = Initializer::GlorotUniform;

    /// The word in a description, with its parameter: `leaky_relu(0.01)`.
    fn name() -> impl Display;

    /// Whether [`element`](Self::element) gives back its argument.
    const IDENTITY: bool = false;

    /// Whether this is [`Relu`], which some kernels do themselves.
    #[doc(hidden)]
    const RELU: bool = false;

    /// What is done to each number alone; layers run it while the number is in a register.
    #[inline(always)]
    fn element<T: Scalar, S: Simd>(score: Vector<T, S>) -> Vector<T, S> {
        score
    }

    /// What needs all numbers of a sample (or of a pixel's channels), after [`element`](Self::element).
    #[inline(always)]
    fn sample<T: Scalar, S: Simd>(simd: S, sample: &mut [T]) {
        let _ = (simd, sample);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, A: Activation> Epilogue<T> for A {
    const IDENTITY: bool = A::IDENTITY;
    const RELU: bool = A::RELU;

    #[inline(always)]
    fn element<S: Simd>(result: Vector<T, S>) -> Vector<T, S> {
        A::element(result)
    }
}

/// What [`Activation`] is, for the one place where a description asks it of a type of the user's own.
///
/// Of such a type, rustc would show the definition, too; of a reference to it, it does not.
#[diagnostic::on_unimplemented(
    message = "`{A}` is not an activation",
    note = "an activation of one's own implements `axonal::activations::Elementwise`, and `ElementwiseGradient` to be trained through"
)]
pub trait IsActivation<A> {
    /// There if it is one.
    const CHECK: usize = 0;
}

#[diagnostic::do_not_recommend]
impl<A: Activation> IsActivation<A> for &A {}

/// An activation that backpropagation goes through.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no derivative, so networks with it cannot be trained by backpropagation"
)]
pub trait ActivationGradient: Activation {
    /// Whether [`backward`](Self::backward) reads the scores; where the outputs do, the scores are not kept.
    const NEEDS_SCORES: bool = false;

    /// From the gradient of the outputs of one sample to that of its scores, in place.
    ///
    /// `scores` is empty unless [`NEEDS_SCORES`](Self::NEEDS_SCORES).
    fn backward<T: Scalar, S: Simd>(simd: S, scores: &[T], outputs: &[T], gradient: &mut [T]);
}

/// An activation that a loss can stand behind: every one that has a derivative, what later layers leave of one, and `step`.
///
/// A network that ends in `step` cannot be trained. That is said once, of the network; of its loss there is nothing to add.
pub trait LastActivation: Activation {
    /// [`ActivationGradient::NEEDS_SCORES`].
    const SCORES: bool;

    /// [`ActivationGradient::backward`].
    fn through<T: Scalar, S: Simd>(simd: S, scores: &[T], outputs: &[T], gradient: &mut [T]);
}

#[diagnostic::do_not_recommend]
impl<A: ActivationGradient> LastActivation for A {
    const SCORES: bool = A::NEEDS_SCORES;

    #[inline(always)]
    fn through<T: Scalar, S: Simd>(simd: S, scores: &[T], outputs: &[T], gradient: &mut [T]) {
        A::backward(simd, scores, outputs, gradient);
    }
}

#[diagnostic::do_not_recommend]
impl LastActivation for Step {
    const SCORES: bool = false;

    /// The derivative is 0 wherever there is one.
    fn through<T: Scalar, S: Simd>(_: S, _: &[T], _: &[T], gradient: &mut [T]) {
        gradient.fill(T::zero());
    }
}

/// An activation that looks at each number alone.
///
/// Mark [`apply`](Self::apply) `#[inline(always)]` for speed: it becomes part of a layer's kernel.
pub trait Elementwise: Send + Sync + 'static {
    /// The word in a description.
    const NAME: &'static str;

    /// What stands in parentheses behind the name, if anything.
    const PARAMETER: Option<f64> = None;

    /// [`Activation::THRESHOLD`].
    const DECISION_BOUNDARY: f64 = 0.0;

    /// [`Activation::INITIALIZER`].
    const INITIAL_WEIGHTS: Initializer = Initializer::GlorotUniform;

    /// Whether the function gives back its argument: loops over values that stay as they are can then be left out.
    const IS_IDENTITY: bool = false;

    /// [`Activation::RELU`].
    #[doc(hidden)]
    const IS_RELU: bool = false;

    /// The function.
    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S>;

    /// The function of one number.
    #[inline]
    fn of<T: Scalar>(x: T) -> T {
        Self::apply(Vector::splat(pulp::Scalar, x)).sum()
    }
}

/// An [`Elementwise`] activation with a derivative.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no derivative, so networks with it cannot be trained by backpropagation"
)]
pub trait ElementwiseGradient: Elementwise {
    /// Whether [`derivative`](Self::derivative) reads the score; if not, `score` may hold anything.
    const FROM_SCORE: bool = false;

    /// The derivative where the function was given `score` and returned `output`.
    fn derivative<T: Scalar, S: Simd>(score: Vector<T, S>, output: Vector<T, S>) -> Vector<T, S>;

    /// The derivative at one number.
    #[inline]
    fn derivative_of<T: Scalar>(x: T) -> T {
        let x = Vector::splat(pulp::Scalar, x);
        Self::derivative(x, Self::apply(x)).sum()
    }
}

#[diagnostic::do_not_recommend]
impl<A: Elementwise> Activation for A {
    const ELEMENTWISE: bool = true;
    const THRESHOLD: f64 = A::DECISION_BOUNDARY;
    const INITIALIZER: Initializer = A::INITIAL_WEIGHTS;
    const IDENTITY: bool = A::IS_IDENTITY;
    const RELU: bool = A::IS_RELU;

    fn name() -> impl Display {
        Name { word: A::NAME, parameter: A::PARAMETER }
    }

    #[inline(always)]
    fn element<T: Scalar, S: Simd>(score: Vector<T, S>) -> Vector<T, S> {
        A::apply(score)
    }
}

#[diagnostic::do_not_recommend]
impl<A: ElementwiseGradient> ActivationGradient for A {
    const NEEDS_SCORES: bool = A::FROM_SCORE;

    #[inline(always)]
    fn backward<T: Scalar, S: Simd>(simd: S, scores: &[T], outputs: &[T], gradient: &mut [T]) {
        if A::IS_IDENTITY {
            return;
        }
        let scores = if A::FROM_SCORE { scores } else { outputs };
        let lanes = Vector::<T, S>::LANES;
        // Iterators over all three: indices into them would be checked for each vector.
        let mut scores = scores[..gradient.len()].chunks_exact(lanes);
        let mut outputs = outputs[..gradient.len()].chunks_exact(lanes);
        let mut gradient = gradient.chunks_exact_mut(lanes);
        for ((gradient, output), score) in (&mut gradient).zip(&mut outputs).zip(&mut scores) {
            let derivative = A::derivative(Vector::load(simd, score), Vector::load(simd, output));
            (Vector::load(simd, gradient) * derivative).store(gradient);
        }
        let gradient = gradient.into_remainder();
        if !gradient.is_empty() {
            let derivative = A::derivative(
                Vector::load_partial(simd, scores.remainder()),
                Vector::load_partial(simd, outputs.remainder()),
            );
            (Vector::load_partial(simd, gradient) * derivative).store_partial(gradient);
        }
    }
}

/// Applies an activation to one sample, on the best instruction set of the machine.
pub fn apply<A: Activation>(sample: &mut [impl Scalar]) {
    struct Apply<'a, A, T>(&'a mut [T], core::marker::PhantomData<A>);

    impl<A: Activation, T: Scalar> WithSimd for Apply<'_, A, T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            apply_on::<A, T, S>(simd, self.0);
        }
    }

    dispatch(Apply(sample, core::marker::PhantomData::<A>));
}

/// Applies an activation to one sample, inside a pass that already runs on an instruction set.
#[inline(always)]
pub fn apply_on<A: Activation, T: Scalar, S: Simd>(simd: S, sample: &mut [T]) {
    activate::<A, _, _>(simd, sample);
    A::sample(simd, sample);
}

/// A word and its parameter.
struct Name {
    word: &'static str,
    parameter: Option<f64>,
}

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parameter {
            // `Debug`, because it writes 1.0, not 1.
            Some(parameter) => write!(f, "{}({parameter:?})", self.word),
            None => f.write_str(self.word),
        }
    }
}

/// A parameter of an activation, as a fraction: the correctly rounded decimal literal that it came from.
#[expect(clippy::cast_precision_loss, reason = "the quotient is rounded anyway")]
const fn fraction(numerator: i64, denominator: u64) -> f64 {
    assert!(denominator != 0, "the parameter's denominator is zero");
    numerator as f64 / denominator as f64
}
