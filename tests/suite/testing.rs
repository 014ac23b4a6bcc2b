//! The functions that check gradients find wrong ones: in a parameter, in an input, in an activation, in a loss, in training alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axonal::activations::{Elementwise, ElementwiseGradient};
use axonal::layers::{Batch, Context, Differentiable, End, GradientSink, Kind, Layer, Part, Path};
use axonal::prelude::*;
use axonal::simd::Vector;
use axonal::testing::{check_gradient, check_layer};
use axonal::{Scalar, Simd};
use rand::Rng;

/// What is wrong with a layer, y = a x.
const NOTHING: u8 = 0;
const PARAMETER: u8 = 1;
const INPUT: u8 = 2;
const TRAINING: u8 = 3;
const ADDED: u8 = 4;

#[repr(C)]
#[derive(Clone, Debug, PartialEq, Parameters)]
struct Scale<T, const WRONG: u8> {
    factors: SVector<T, 3>,
}

impl<T: Scalar, const WRONG: u8> Layer for Scale<T, WRONG> {
    type Input = SVector<T, 3>;
    type Output = SVector<T, 3>;
    type Activation = axonal::activations::Identity;

    const MULTIPLY_ADDS: usize = 3;

    fn infer_one<S: Simd>(&self, _simd: S, input: &Self::Input, output: &mut Self::Output) {
        *output = input.component_mul(&self.factors);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _rng: &mut R) {
        self.factors.fill(T::one());
    }

    fn describe(path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, Part)) {
        visit(path, Part::layer::<Self>("scale"));
        visit(&path.field("factors"), Part::tensor(Kind::Weight, &[3]));
    }
}

impl<T: Scalar, const WRONG: u8> Differentiable for Scale<T, WRONG> {
    fn forward_pass(
        &self,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        _trace: &mut [T],
        _end: End,
    ) {
        for (input, output) in inputs.iter().zip(outputs) {
            *output = input.component_mul(&self.factors);
            if WRONG == TRAINING && context.is_training() {
                *output *= T::of(2.0);
            }
        }
    }

    fn backward_pass(
        batch: Batch<'_, Self>,
        gradient: &mut [Self::Output],
        _end: End,
        mut sink: GradientSink<'_, T>,
    ) {
        let factors = sink.layer::<Self>().factors;
        let mut sum = SVector::zeros();
        for (input, gradient) in batch.inputs.iter().zip(&*gradient) {
            sum += input.component_mul(gradient);
        }
        if let Some(input_gradient) = batch.input_gradient {
            for (to, gradient) in input_gradient.iter_mut().zip(&*gradient) {
                *to = gradient.component_mul(&factors);
                if WRONG == INPUT {
                    to[1] += T::of(1e-5);
                }
            }
        }
        if WRONG == PARAMETER {
            sum[2] *= T::of(1.0 + 1e-5);
        }
        let mut block = sink.block(0..3);
        let (to, accumulate) = block.room();
        for (to, sum) in to.iter_mut().zip(&sum) {
            *to = if accumulate && WRONG != ADDED { *to + *sum } else { *sum };
        }
        block.finish();
    }
}

/// The sentence that a check panics with.
fn said(check: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
    Some(panic.downcast_ref::<String>().expect("a sentence").clone())
}

fn inputs() -> [SVector<f64, 3>; 2] {
    [SVector::from([0.5, -1.5, 2.0]), SVector::from([1.0, 0.25, -0.75])]
}

fn of_layer<const WRONG: u8>() -> Option<String> {
    let layer = Scale::<f64, WRONG> { factors: SVector::from([0.5, 2.0, -1.0]) };
    said(|| check_layer(&layer, &inputs()))
}

#[test]
fn a_layer_with_a_wrong_gradient_is_found() {
    assert_eq!(of_layer::<NOTHING>(), None);
    let found = of_layer::<PARAMETER>().expect("found");
    assert!(found.starts_with("number 2 of `factors` in inference, up to the scores: "), "{found}");
    let found = of_layer::<INPUT>().expect("found");
    assert!(found.starts_with("input 0, number 1, in inference"), "{found}");
    let found = of_layer::<TRAINING>().expect("found");
    assert!(found.contains("in training"), "{found}");
    let found = of_layer::<ADDED>().expect("found");
    assert!(found.contains("was added to 1"), "{found}");
}

/// x², with half of its derivative.
#[derive(Debug, PartialEq)]
struct Square;

impl Elementwise for Square {
    const NAME: &'static str = "square";

    fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
        x * x
    }
}

impl ElementwiseGradient for Square {
    const FROM_SCORE: bool = true;

    fn derivative<T: Scalar, S: Simd>(x: Vector<T, S>, _: Vector<T, S>) -> Vector<T, S> {
        x
    }
}

network! {
    struct Right<input 3 => dense 4 relu => dense 2>;
    struct Wrong<input 3 => dense 4 Square => dense 2>;
}

#[test]
fn a_network_with_a_wrong_gradient_is_found() {
    let targets = [SVector::from([0.0, 1.0]), SVector::from([1.0, 0.5])];
    let mut rng = StdRng::seed_from_u64(3);
    let right = Right::<f64>::random(&mut rng);
    check_gradient(&*right, &inputs(), &targets, &MeanSquaredError);
    // A kink at every score of the first layer: the derivative is between the two slopes.
    check_gradient(&*Right::<f64>::zeros(), &inputs(), &targets, &MeanSquaredError);
    let wrong = Wrong::<f64>::random(&mut rng);
    let found = said(|| check_gradient(&*wrong, &inputs(), &targets, &MeanSquaredError));
    let found = found.expect("found");
    assert!(found.starts_with("Wrong, number ") && found.contains("of `dense1."), "{found}");
}
