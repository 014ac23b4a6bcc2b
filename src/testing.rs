//! For tests of layers, activations and losses of one's own: gradients against finite differences, and every instruction set of the machine.
//!
//! These are the functions that this library tests itself with. Each panics with a sentence, as an assertion does.
//!
//! ```
//! use axonal::prelude::*;
//! use axonal::testing::{check_gradient, check_layer, on_each_instruction_set};
//!
//! network! { struct Net<input 3 => dense 4 gelu => dense 2>; }
//!
//! let mut rng = StdRng::seed_from_u64(1);
//! let net = Net::<f64>::random(&mut rng);
//! let inputs = [SVector::from([0.5, -1.0, 2.0]), SVector::from([1.5, 0.25, -0.5])];
//! let targets = [SVector::from([0.0, 1.0]), SVector::from([1.0, 0.0])];
//!
//! // The gradient of a loss, in inference and in training.
//! check_gradient(&*net, &inputs, &targets, &MeanSquaredError);
//! // One layer alone: the gradients of its parameters and of its inputs.
//! check_layer(&net.dense1, &inputs);
//!
//! // The same on each instruction set, within rounding.
//! let outputs = on_each_instruction_set(|_| net.forward(&inputs[0]));
//! let (_, baseline) = &outputs[0];
//! assert!(outputs.iter().all(|(_, output)| (output - baseline).norm() < 1e-14));
//! ```

use core::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::core::{Parameters, Sample};
use crate::kernels::MatrixMut;
use crate::layers::{
    Batch, Context, Descent, Differentiable, End, GradientSink, Kind, Layer, OfLayer, Step,
    Trained, tensors,
};
use crate::simd::InstructionSet;
use crate::trainable::Trainable;

/// Half the distance of a difference, h. Its error, about h², and the rounding, about 1e-16 / h, are both below 1e-10.
const STEP: f64 = 1e-5;

/// h where there may be a kink: few are so near, the rounding is still below the tolerance, and the slopes of the two sides differ by about h where the
/// function is smooth.
const SMALL_STEP: f64 = 1e-7;

/// How far a derivative may be off, where derivatives are about 1.
const TOLERANCE: f64 = 1e-7;

/// No more numbers of one kind are looked at.
const MOST: usize = 32;

/// Compares the gradient of a loss with central differences, in inference and in training.
///
/// For a parameter p the derivative is to be (L(p + h) − L(p − h)) / 2h, with h = 1e-5, within 1e-7 of it where derivatives are about 1: so networks are those of
/// `f64`. Up to 32 parameters are looked at, of more 32 that lie all over the network; running statistics, which are not learned, are not among them.
/// A kink, as that of `relu` at 0, spoils a difference that it lies in: then one with h = 1e-7 decides, and if the kink lies in that too, the derivative is to be
/// between the slopes of its two sides.
///
/// In training, dropout drops the same numbers each time, and statistics are those of the batch.
///
/// # Panics
///
/// If a derivative is another one: with the name of the parameter, the derivative and the difference. If there are not as many targets as inputs, or none.
#[track_caller]
pub fn check_gradient<N, Y, L>(net: &N, inputs: &[N::Input], targets: &[Y], loss: &L)
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    check_samples(inputs.len());
    for context in [Context::INFERENCE, Context::training(1)] {
        let mut gradient = N::zeros();
        let value = net.gradient_with(context, inputs, targets, loss, &mut gradient);
        let mut changed = copy(net);
        let mut unused = N::zeros();
        for index in places(&learned::<N>(), value) {
            let old = net.as_slice()[index];
            let mut at = |change: f64| {
                changed.as_mut_slice()[index] = old + change;
                net_loss(&*changed, context, inputs, targets, loss, &mut unused)
            };
            let place = || {
                let mode = if context.is_training() { "training" } else { "inference" };
                format!("{}, {} in {mode}", N::NAME, name::<N>(index))
            };
            compare(gradient.as_slice()[index], value, &mut at, place);
            changed.as_mut_slice()[index] = old;
        }
    }
}

fn net_loss<N, Y, L>(
    net: &N,
    context: Context,
    inputs: &[N::Input],
    targets: &[Y],
    loss: &L,
    unused: &mut N,
) -> f64
where
    N: Trainable<L, Y> + Parameters<Scalar = f64>,
{
    if context.is_training() {
        net.gradient_with(context, inputs, targets, loss, unused)
    } else {
        net.loss(inputs, targets, loss)
    }
}

/// Compares the backward pass of one layer with central differences of its forward pass: the gradients of its parameters and of its inputs, up to its
/// scores and up to its outputs, in inference and in training.
///
/// Looks, too, whether a gradient is added to one that is there, whether a step of an optimizer is given the same gradient, once for each parameter, and
/// whether the layer reads parameters that the step has moved; and whether it [describes](Layer::describe) all of its tensors, each by a name of its own.
/// Of a layer with [`Differentiable::TANGENTS`], the forward pass with tangents is held against the backward pass.
///
/// What is differentiated is Σ w y over all outputs y, with weights w from -1 to 1. The differences are those of [`check_gradient`].
///
/// # Panics
///
/// If a derivative is another one: with the name of the parameter, or the place in the inputs, the derivative and the difference. If there are no inputs.
#[track_caller]
pub fn check_layer<L>(layer: &L, inputs: &[L::Input])
where
    L: Differentiable + Parameters<Scalar = f64>,
{
    check_samples(inputs.len());
    check_names::<L>();
    let mut weights = L::Output::zeros_vec(inputs.len());
    for (sample, weights) in (0..).zip(&mut weights) {
        let draws = Context::training(sample);
        for (index, weight) in (0..).zip(weights.as_mut_slice()) {
            *weight = unit(draws.random(index)) * 2.0 - 1.0;
        }
    }
    for context in [Context::INFERENCE, Context::training(1)] {
        for end in [End::Scores, End::Outputs] {
            let what = || {
                let mode = if context.is_training() { "training" } else { "inference" };
                format!("in {mode}, up to the {end:?}").to_lowercase()
            };
            let pass = Pass { context, end, weights: &weights };
            let (parameters, of_inputs) = pass.gradient(layer, inputs, 0.0);
            let (added, _) = pass.gradient(layer, inputs, 1.0);
            let (steps, of_inputs_in_step) = pass.step(layer, inputs);
            for (index, gradient) in parameters.iter().enumerate() {
                let place = || format!("{} {}", name::<L>(index), what());
                let allowed = 1e-12 * (1.0 + gradient.abs());
                let times = steps[index].len();
                assert!(
                    times == 1,
                    "{}: its gradient is handed over {times} times in a step of an optimizer, not once: each parameter is in one `block`, which ends with `finish`",
                    place(),
                );
                assert!(!gradient.is_nan(), "{}: its gradient is NaN, or was not written", place(),);
                assert!(
                    (added[index] - gradient - 1.0).abs() <= allowed,
                    "{}: a gradient of {gradient} was added to 1, and gave {}",
                    place(),
                    added[index],
                );
                assert!(
                    (steps[index][0] - gradient).abs() <= allowed,
                    "{}: the derivative is {gradient} in a gradient, and {} in a step of an optimizer",
                    place(),
                    steps[index][0],
                );
            }
            for (sample, (gradient, in_step)) in
                of_inputs.iter().zip(&of_inputs_in_step).enumerate()
            {
                for (number, (gradient, in_step)) in
                    gradient.as_slice().iter().zip(in_step.as_slice()).enumerate()
                {
                    assert!(
                        gradient.is_nan()
                            || (gradient - in_step).abs() <= 1e-12 * (1.0 + gradient.abs()),
                        "input {sample}, number {number}, {}: the derivative is {gradient} with a gradient, and {in_step} with a step of an optimizer: a layer must not read its parameters after `finish` has moved them",
                        what(),
                    );
                }
            }
            let value = pass.value(layer, inputs);
            let mut changed = copy(layer);
            for index in places(&learned::<L>(), value) {
                let old = layer.as_slice()[index];
                let mut at = |change: f64| {
                    changed.as_mut_slice()[index] = old + change;
                    pass.value(&*changed, inputs)
                };
                compare(parameters[index], value, &mut at, || {
                    format!("{} {}", name::<L>(index), what())
                });
                changed.as_mut_slice()[index] = old;
            }
            let mut changed = inputs.to_vec();
            let len = L::Input::LEN;
            let all: Vec<usize> = (0..inputs.len() * len).collect();
            for index in places(&all, value) {
                let (sample, number) = (index / len, index % len);
                let old = inputs[sample].as_slice()[number];
                let mut at = |change: f64| {
                    changed[sample].as_mut_slice()[number] = old + change;
                    pass.value(layer, &changed)
                };
                compare(of_inputs[sample].as_slice()[number], value, &mut at, || {
                    format!("input {sample}, number {number}, {}", what())
                });
                changed[sample].as_mut_slice()[number] = old;
            }
        }
    }
    if L::TANGENTS {
        for (sample, (input, weights)) in inputs.iter().zip(&weights).enumerate() {
            check_tangents(layer, input, weights, sample);
        }
    }
}

/// Holds J **t**, forward, against Jᵀ **w**, backward: **w** · J **t** = Jᵀ **w** · **t**, for random tangents **t**; and the output at the point against that of inference.
#[track_caller]
fn check_tangents<L>(layer: &L, input: &L::Input, weights: &L::Output, sample: usize)
where
    L: Differentiable + Parameters<Scalar = f64>,
{
    /// A few: with a point, as many samples as a kernel may take in one piece, and one more.
    const COUNT: usize = 8;
    let mut points = L::Input::zeros_vec(1 + COUNT);
    points[0] = *input;
    for (index, point) in (1..).zip(&mut points[1..]) {
        let draws = Context::training(index);
        for (index, number) in (0..).zip(point.as_mut_slice()) {
            *number = unit(draws.random(index)) * 2.0 - 1.0;
        }
    }
    let mut outputs = L::Output::zeros_vec(points.len());
    let mut trace = vec![f64::NAN; L::trace_len(points.len())];
    layer.forward_pass(Context::TANGENTS, &points, &mut outputs, &mut trace, End::Outputs);
    let mut alone = L::Output::zeros_vec(1);
    let mut trace = vec![f64::NAN; L::trace_len(1)];
    layer.forward_pass(Context::INFERENCE, &points[..1], &mut alone, &mut trace, End::Outputs);
    let numbers = outputs[0].as_slice().iter().zip(alone[0].as_slice());
    for (number, (with_tangents, alone)) in numbers.enumerate() {
        assert!(
            (with_tangents - alone).abs() <= 1e-10 * (1.0 + alone.abs()),
            "sample {sample}, output {number}: {with_tangents} at the point of tangents, and {alone} in inference"
        );
    }
    let weights = std::slice::from_ref(weights);
    let pass = Pass { context: Context::INFERENCE, end: End::Outputs, weights };
    let (_, of_inputs) = pass.gradient(layer, std::slice::from_ref(input), 0.0);
    let gradient = of_inputs[0];
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for (tangent, output) in points[1..].iter().zip(&outputs[1..]) {
        let forward = product(weights[0].as_slice(), output.as_slice());
        let backward = product(gradient.as_slice(), tangent.as_slice());
        assert!(
            (forward - backward).abs() <= 1e-10 * (1.0 + forward.abs()),
            "sample {sample}: a tangent gives {forward} forward, and {backward} backward"
        );
    }
}

/// A pass through one layer.
struct Pass<'a, X> {
    context: Context,
    end: End,
    /// What each output is multiplied by.
    weights: &'a [X],
}

impl<X: Sample<Scalar = f64>> Pass<'_, X> {
    /// What is differentiated.
    fn value<L>(&self, layer: &L, inputs: &[L::Input]) -> f64
    where
        L: Differentiable<Output = X> + Parameters<Scalar = f64>,
    {
        let (outputs, _) = self.forward(layer, inputs);
        let sums = outputs
            .iter()
            .zip(self.weights)
            .map(|(y, w)| y.as_slice().iter().zip(w.as_slice()).map(|(y, w)| y * w).sum::<f64>());
        sums.sum()
    }

    /// The gradients of parameters and inputs. `onto` is what that of each parameter is added to, unless it is 0: then it takes the place of NaN.
    fn gradient<L>(&self, layer: &L, inputs: &[L::Input], onto: f64) -> (Vec<f64>, Vec<L::Input>)
    where
        L: Differentiable<Output = X> + Parameters<Scalar = f64>,
    {
        let accumulate = onto != 0.0;
        let mut parameters = vec![if accumulate { onto } else { f64::NAN }; L::PARAMETERS];
        let sink = GradientSink::gradient(layer.as_slice(), &mut parameters, accumulate);
        let of_inputs = self.backward(layer, inputs, sink);
        (parameters, of_inputs)
    }

    /// The gradients with which the parameters are handed over in a step of an optimizer, and that of the inputs.
    fn step<L>(&self, layer: &L, inputs: &[L::Input]) -> (Vec<Vec<f64>>, Vec<L::Input>)
    where
        L: Differentiable<Output = X> + Parameters<Scalar = f64>,
    {
        let spoiling = Spoiling(Mutex::new(vec![Vec::new(); L::PARAMETERS]));
        let (mut moved, mut room) = (copy(layer), vec![f64::NAN; L::PARAMETERS]);
        let moments = MatrixMut::strided(&mut [], [L::PARAMETERS, 0], L::PARAMETERS);
        let trained = Trained { at: 0, parameters: moved.as_mut_slice(), moments };
        let sink =
            GradientSink::step(Step { trained, descent: &spoiling, learns_from: 0 }, &mut room);
        let of_inputs = self.backward(layer, inputs, sink);
        (spoiling.0.into_inner().unwrap_or_else(PoisonError::into_inner), of_inputs)
    }

    /// Outputs, and what is kept for the backward pass.
    fn forward<L>(&self, layer: &L, inputs: &[L::Input]) -> (Vec<X>, Vec<f64>)
    where
        L: Differentiable<Output = X> + Parameters<Scalar = f64>,
    {
        // A pass must not read what it has not written.
        let mut trace = vec![f64::NAN; L::trace_len(inputs.len())];
        let mut outputs = X::zeros_vec(inputs.len());
        outputs.iter_mut().for_each(|output| output.as_mut_slice().fill(f64::NAN));
        layer.forward_pass(self.context, inputs, &mut outputs, &mut trace, self.end);
        (outputs, trace)
    }

    fn backward<L>(
        &self,
        layer: &L,
        inputs: &[L::Input],
        sink: GradientSink<'_, f64>,
    ) -> Vec<L::Input>
    where
        L: Differentiable<Output = X> + Parameters<Scalar = f64>,
    {
        let (outputs, mut trace) = self.forward(layer, inputs);
        let mut input_gradient = L::Input::zeros_vec(inputs.len());
        input_gradient.iter_mut().for_each(|input| input.as_mut_slice().fill(f64::NAN));
        let batch = Batch {
            inputs,
            outputs: if self.end == End::Outputs { &outputs } else { &[] },
            trace: &mut trace,
            input_gradient: Some(&mut input_gradient),
        };
        L::backward_pass(batch, &mut self.weights.to_vec(), self.end, sink);
        input_gradient
    }
}

/// A step that notes the gradients which each parameter is handed over with, and makes the parameter NaN.
struct Spoiling(Mutex<Vec<Vec<f64>>>);

impl Spoiling {
    fn note(&self, trained: Trained<'_, f64>, gradient: impl Iterator<Item = f64>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((noted, parameter), gradient) in
            noted[trained.at..].iter_mut().zip(trained.parameters).zip(gradient)
        {
            noted.push(gradient);
            *parameter = f64::NAN;
        }
    }
}

impl Descent<f64> for Spoiling {
    fn follow(&self, parameters: Trained<'_, f64>, gradient: &[f64], factors: &[f64]) {
        let columns = factors.iter().flat_map(|f| gradient.iter().map(move |g| g * f));
        self.note(parameters, columns);
    }

    fn are_frozen(&self, _: Range<usize>) -> bool {
        false
    }
}

/// What a computation gives on each [instruction set](InstructionSet) that the machine has, the baseline first.
///
/// The set is one for the whole process. Calls of this function wait for each other; other tests, which do not choose a set, run on whichever is chosen: those which
/// compare bits belong into another test crate. Afterwards the set is the one that it was before, also where the computation panics.
///
/// ```
/// use axonal::activations::{Elementwise, Tanh};
/// use axonal::testing::on_each_instruction_set;
///
/// for (set, output) in on_each_instruction_set(|_| Tanh::of(0.5_f64)) {
///     assert!((output - 0.5_f64.tanh()).abs() < 1e-15, "{set}");
/// }
/// ```
pub fn on_each_instruction_set<R>(
    mut compute: impl FnMut(InstructionSet) -> R,
) -> Vec<(InstructionSet, R)> {
    static CHOSEN: Mutex<()> = Mutex::new(());

    /// The set that was chosen before, chosen again at the end.
    struct Restored(InstructionSet);

    impl Drop for Restored {
        fn drop(&mut self) {
            InstructionSet::force(self.0);
        }
    }

    // A computation that panicked has poisoned the lock, and left nothing behind it.
    let _guard = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    let _before = Restored(InstructionSet::current());
    InstructionSet::available()
        .map(|set| {
            InstructionSet::force(set);
            (set, compute(set))
        })
        .collect()
}

/// Holds a derivative against the slopes of a function `at` both sides of 0, where it has the `value`.
#[track_caller]
fn compare(
    derivative: f64,
    value: f64,
    at: &mut dyn FnMut(f64) -> f64,
    place: impl Fn() -> String,
) {
    let allowed = TOLERANCE * (1.0 + derivative.abs());
    let mut slopes = |step: f64| ((value - at(-step)) / step, (at(step) - value) / step);
    let fits =
        |(left, right): (f64, f64)| (derivative - f64::midpoint(left, right)).abs() <= allowed;
    let large = slopes(STEP);
    if fits(large) {
        return;
    }
    let (left, right) = slopes(SMALL_STEP);
    let is_kink = (left - right).abs() > 10.0 * SMALL_STEP;
    let inside = left.min(right) - allowed..=left.max(right) + allowed;
    assert!(
        fits((left, right)) || is_kink && inside.contains(&derivative),
        "{}: the derivative is {derivative}, and by finite differences {}",
        place(),
        f64::midpoint(large.0, large.1),
    );
}

fn copy<P: Parameters>(from: &P) -> Box<P> {
    let mut copy = P::zeros();
    copy.as_mut_slice().copy_from_slice(from.as_slice());
    copy
}

/// The parameters that are looked at: all of a few, and of many some that lie all over them, others for another `value`.
fn places(all: &[usize], value: f64) -> Vec<usize> {
    if all.len() <= MOST {
        return all.to_vec();
    }
    let draws = Context::training(value.to_bits());
    (0..MOST)
        .map(|index| {
            let (from, to) = (all.len() * index / MOST, all.len() * (index + 1) / MOST);
            let offset = draws.random(index as u64) % (to - from) as u64;
            all[from..to].iter().copied().nth(offset as usize).unwrap_or(all[from])
        })
        .collect()
}

/// A number from 0 to 1 of random bits.
fn unit(bits: u64) -> f64 {
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

/// The places of all parameters but running statistics.
fn learned<L: Layer>() -> Vec<usize> {
    let mut places = Vec::new();
    tensors::<OfLayer<L>>(&mut |_, kind, shape, start| {
        if kind != Kind::Statistic {
            places.extend(start..start + shape.iter().product::<usize>());
        }
    });
    places
}

/// The tensor that a parameter is in, and its place there.
fn name<L: Layer>(parameter: usize) -> String {
    let mut name = String::new();
    tensors::<OfLayer<L>>(&mut |path, _, shape, start| {
        if (start..start + shape.iter().product::<usize>()).contains(&parameter) {
            name = format!("number {} of `{path}`", parameter - start);
        }
    });
    name
}

/// Two tensors of one name would be one in a file.
#[track_caller]
fn check_names<L: Layer>() {
    let mut names = Vec::new();
    tensors::<OfLayer<L>>(&mut |path, _, _, _| names.push(path.to_string()));
    for (index, name) in names.iter().enumerate() {
        assert!(!names[..index].contains(name), "`Layer::describe` names two tensors `{name}`");
    }
}

/// Without a sample, nothing would be checked.
#[track_caller]
fn check_samples(samples: usize) {
    assert!(samples > 0, "a gradient is checked on one sample at least, found none");
}
