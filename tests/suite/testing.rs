//! The functions that check gradients find wrong ones: in a parameter, in an input, in an activation, in a loss, in training alone, in a step alone; and
//! tensors that are not described as they are.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axonal::activations::{Elementwise, ElementwiseGradient};
use axonal::layers::{
    Batch, Context, Differentiable, End, GradientSink, Kind, Layer, ParameterPath, Part,
};
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
const NOT_FINISHED: u8 = 5;
const TWICE: u8 = 6;
const READ_AFTERWARDS: u8 = 7;
const NO_SUCH_BLOCK: u8 = 8;
const TOO_FEW_DESCRIBED: u8 = 9;
const TOO_MANY_DESCRIBED: u8 = 10;
const ONE_NAME: u8 = 11;
const NOTHING_DESCRIBED: u8 = 12;
const TANGENTS: u8 = 13;
const POINT_OF_TANGENTS: u8 = 14;

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

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        let mut tensors = |shapes: &[&'static [usize]]| {
            visit(path, Part::layer::<Self>("scale"));
            for shape in shapes {
                visit(&path.field("factors"), Part::tensor(Kind::Weight, shape));
            }
        };
        match WRONG {
            TOO_FEW_DESCRIBED => tensors(&[&[2]]),
            TOO_MANY_DESCRIBED => tensors(&[&[2, 2]]),
            ONE_NAME => tensors(&[&[2], &[1]]),
            NOTHING_DESCRIBED => {}
            _ => tensors(&[&[3]]),
        }
    }
}

impl<T: Scalar, const WRONG: u8> Differentiable for Scale<T, WRONG> {
    const TANGENTS: bool = true;

    fn forward_pass(
        &self,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        _trace: &mut [T],
        _end: End,
    ) {
        for (input, output) in inputs.iter().zip(&mut *outputs) {
            *output = input.component_mul(&self.factors);
            if WRONG == TRAINING && context.is_training() {
                *output *= T::of(2.0);
            }
        }
        match outputs {
            [point, ..] if WRONG == POINT_OF_TANGENTS && context.is_tangents() => {
                point.fill(T::zero())
            }
            [_, tangents @ ..] if WRONG == TANGENTS && context.is_tangents() => {
                tangents.iter_mut().for_each(|tangent| tangent.fill(T::one()));
            }
            _ => {}
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
        if WRONG == READ_AFTERWARDS {
            let mut block = sink.block(0..3);
            // Room that is asked for twice holds what it was given.
            for (index, sum) in sum.iter().enumerate() {
                block.sums()[index] += *sum;
            }
            block.finish();
        }
        let factors = if WRONG == READ_AFTERWARDS { sink.layer::<Self>().factors } else { factors };
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
        if WRONG == READ_AFTERWARDS {
            return;
        }
        if WRONG == TWICE {
            sink.block(1..2).finish();
        }
        let mut block = sink.block(0..if WRONG == NO_SUCH_BLOCK { 4 } else { 3 });
        let (to, accumulate) = block.room();
        for (to, sum) in to.iter_mut().zip(&sum) {
            *to = if accumulate && WRONG != ADDED { *to + *sum } else { *sum };
        }
        if WRONG != NOT_FINISHED {
            block.finish();
        }
    }
}

/// The sentence that a check panics with.
fn said(check: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    Some(text.unwrap_or_else(|| panic.downcast_ref::<String>().expect("a sentence").clone()))
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
    let found = of_layer::<TANGENTS>().expect("found");
    assert!(found.starts_with("sample 0: a tangent gives "), "{found}");
    let found = of_layer::<POINT_OF_TANGENTS>().expect("found");
    assert!(found.starts_with("sample 0, output 0: 0 at the point of tangents"), "{found}");
}

#[test]
fn a_layer_that_hands_over_another_gradient_in_a_step_is_found() {
    let found = of_layer::<NOT_FINISHED>().expect("found");
    assert!(found.contains("`factors`") && found.contains("0 times"), "{found}");
    let found = of_layer::<TWICE>().expect("found");
    assert!(found.starts_with("number 1 of `factors`") && found.contains("2 times"), "{found}");
    let found = of_layer::<READ_AFTERWARDS>().expect("found");
    assert!(found.starts_with("input 0, number 0") && found.contains("after `finish`"), "{found}");
    assert_eq!(
        of_layer::<NO_SUCH_BLOCK>().expect("found"),
        "a block is some of the parameters 0..3 of a layer, found `block(0..4)`"
    );
}

#[test]
fn a_check_without_a_sample_is_none() {
    let layer = Scale::<f64, NOTHING> { factors: SVector::zeros() };
    let found = said(|| check_layer(&layer, &[])).expect("found");
    assert!(found.contains("one sample at least"), "{found}");
    let net = Right::<f64>::zeros();
    let none: [SVector<f64, 2>; 0] = [];
    let found = said(|| check_gradient(&*net, &[], &none, &MeanSquaredError)).expect("found");
    assert!(found.contains("one sample at least"), "{found}");
}

type Few<T> = Scale<T, TOO_FEW_DESCRIBED>;
type Many<T> = Scale<T, TOO_MANY_DESCRIBED>;
type Silent<T> = Scale<T, NOTHING_DESCRIBED>;

network! {
    struct WithFew<input 3 => few: Few => dense 1>;
    struct Around<input 3 => dense 3 => inner: WithFew>;
    struct WithMany<input 3 => dense 3 => many: Many>;
    struct WithNone<input 3 => dense 3 => none: Silent => dense 1>;
}

#[test]
fn a_layer_that_describes_other_tensors_is_found() {
    let found = of_layer::<TOO_FEW_DESCRIBED>().expect("found");
    assert_eq!(
        found,
        "`Layer::describe` of `scale` names tensors of 2 numbers, but the layer holds 3: it names all of them, in memory order"
    );
    let found = of_layer::<TOO_MANY_DESCRIBED>().expect("found");
    assert!(found.contains("tensors of 4 numbers, but the layer holds 3"), "{found}");
    let found = of_layer::<NOTHING_DESCRIBED>().expect("found");
    assert!(found.contains("Scale<f64, 12>` names tensors of 0 numbers"), "{found}");
    let found = of_layer::<ONE_NAME>().expect("found");
    assert_eq!(found, "`Layer::describe` names two tensors `factors`");
}

/// A file would lack some of its numbers, or hold them at other places.
#[test]
fn a_network_with_such_a_layer_is_neither_saved_nor_trained() {
    let mut net = Around::random(&mut StdRng::seed_from_u64(1));
    let saved = said(|| drop(net.to_bytes())).expect("found");
    assert!(saved.starts_with("`Layer::describe` of `scale` in `inner.few` names"), "{saved}");
    let loaded = said(|| drop(net.load_bytes(&Right::<f32>::zeros().to_bytes())));
    assert_eq!(loaded.as_ref(), Some(&saved));
    let trained = said(|| {
        net.train_step(
            &[SVector::zeros()],
            &[SVector::zeros()],
            &MeanSquaredError,
            &mut Adam::default(),
        );
    });
    assert_eq!(trained, Some(saved));
    let found = said(|| drop(WithMany::zeros().to_bytes())).expect("found");
    assert!(found.starts_with("`Layer::describe` of `scale` in `many` names"), "{found}");
    let found = said(|| drop(WithNone::zeros().to_bytes())).expect("found");
    assert!(
        found.contains("WithNone") && found.contains("of 16 numbers, but there are 19"),
        "{found}"
    );
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
