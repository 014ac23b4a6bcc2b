//! What a loss means by a network's output is what `forward` gives: every end of a network, with every loss and every kind of target.
//!
//! The value of `net.loss` is that of the loss written out on the outputs of `net.forward`, and `net.gradient` are the differences of that.
//! A network stands in one list, with what its outputs are; a loss in another one, with its formula. Every network meets every loss.

#![cfg(all(feature = "train", feature = "files"))]

use axonal::Trainable;
use axonal::activations::{Elementwise, ElementwiseGradient, LastActivation};
use axonal::losses::{Loss, Pointwise, Scaled, Smoothed, Sum};
use axonal::prelude::*;
use axonal::simd::Vector;
use axonal::{Layer, Sample, Scalar, Simd};
use rand::RngExt;

use crate::common::differences::compare;
use crate::common::samples::random;

/// What the outputs of a network are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outputs {
    Scores,
    /// Each the probability of a yes.
    Probabilities,
    /// Each the probability of a class: of the channels of a pixel, one.
    Distributions,
}

/// The numbers of some samples: for each sample, channel after channel, pixel after pixel.
struct Numbers {
    numbers: Vec<f64>,
    channels: usize,
    pixels: usize,
}

impl Numbers {
    fn of<X: Sample>(samples: &[X]) -> Self {
        let numbers = samples.iter().flat_map(|sample| sample.as_slice());
        let numbers = numbers.map(|number| number.as_f64()).collect();
        Self { numbers, channels: X::LEN / X::PIXELS, pixels: X::PIXELS }
    }

    /// Of each pixel of each sample, its channels.
    fn by_pixel(&self) -> impl Iterator<Item = Vec<f64>> {
        let samples = self.numbers.chunks(self.channels * self.pixels);
        samples.flat_map(|sample| {
            (0..self.pixels)
                .map(|pixel| sample[pixel..].iter().step_by(self.pixels).copied().collect())
        })
    }
}

fn mean(losses: impl Iterator<Item = f64>) -> f64 {
    let losses: Vec<f64> = losses.collect();
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// The mean of a loss of numbers.
fn of_numbers(y: &Numbers, t: &Numbers, loss: impl Fn(f64, f64) -> f64) -> f64 {
    mean(y.numbers.iter().zip(&t.numbers).map(|(y, t)| loss(*y, *t)))
}

fn cross_entropy(outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
    mean(y.by_pixel().zip(t.by_pixel()).map(|(y, t)| {
        let sum: f64 = y.iter().map(|y| y.exp()).sum();
        let logarithm = |y: f64| match outputs {
            Outputs::Distributions => y.ln(),
            _ => y - sum.ln(),
        };
        -y.iter().zip(t).map(|(y, t)| t * logarithm(*y)).sum::<f64>()
    }))
}

fn binary_cross_entropy(outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
    of_numbers(y, t, |y, t| {
        let p = if outputs == Outputs::Probabilities { y } else { 1.0 / (1.0 + (-y).exp()) };
        -t * p.ln() - (1.0 - t) * (1.0 - p).ln()
    })
}

fn kullback_leibler(outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
    let entropies = t.by_pixel().map(|t| t.iter().map(|t| t * t.ln()).sum::<f64>());
    cross_entropy(outputs, y, t) + mean(entropies)
}

/// With γ = 2.
fn focal(outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
    of_numbers(y, t, |y, t| {
        let p = if outputs == Outputs::Probabilities { y } else { 1.0 / (1.0 + (-y).exp()) };
        let wrong = p * (1.0 - t) + t * (1.0 - p);
        (-t * p.ln() - (1.0 - t) * (1.0 - p).ln()) * wrong * wrong
    })
}

/// With γ = 2, of one class a pixel.
fn focal_of_classes(outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
    mean(y.by_pixel().zip(t.by_pixel()).map(|(y, t)| {
        let sum: f64 = match outputs {
            Outputs::Distributions => 1.0,
            _ => y.iter().map(|y| y.exp()).sum(),
        };
        let p = y.iter().zip(t).find(|(_, t)| *t == 1.0).map(|(y, _)| match outputs {
            Outputs::Distributions => *y,
            _ => y.exp() / sum,
        });
        let p = p.unwrap();
        -(1.0 - p).powi(2) * p.ln()
    }))
}

/// With ε = 0.2.
fn smoothed(t: &Numbers) -> Numbers {
    let alike = 0.2 / t.channels as f64;
    let numbers = t.numbers.iter().map(|t| 0.8 * t + alike).collect();
    Numbers { numbers, ..*t }
}

/// 1 − cos, of samples.
fn cosine(y: &Numbers, t: &Numbers) -> f64 {
    let len = y.channels * y.pixels;
    mean(y.numbers.chunks(len).zip(t.numbers.chunks(len)).map(|(y, t)| {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        1.0 - dot(y, t) / ((dot(y, y) + 1e-12) * (dot(t, t) + 1e-12)).sqrt()
    }))
}

/// A weight for a sample with these targets.
fn weight(t: f64) -> f64 {
    1.5 - t
}

/// Squared errors of samples with weights.
fn weighted(y: &Numbers, t: &Numbers) -> f64 {
    let len = y.channels * y.pixels;
    mean(
        y.numbers
            .chunks(len)
            .zip(t.numbers.chunks(len))
            .map(|(y, t)| weight(t[0]) * mean(y.iter().zip(t).map(|(y, t)| (y - t).powi(2)))),
    )
}

fn huber(difference: f64, delta: f64) -> f64 {
    let size = difference.abs();
    if size <= delta { size * size / 2.0 } else { delta * (size - delta / 2.0) }
}

/// Targets as a loss takes them, and their numbers.
type Targets<Y, N> = (Vec<Y>, Vec<<N as Layer>::Output>);

/// How many samples a batch has: not one, and no multiple of a vector's length.
const SAMPLES: usize = 3;

/// Random numbers in the shape of the outputs.
fn shaped<N: Layer>(rng: &mut StdRng, mut number: impl FnMut(f64) -> f64) -> Vec<N::Output> {
    let mut samples = random::<N::Output>(SAMPLES, rng);
    for value in samples.iter_mut().flat_map(|sample| sample.as_mut_slice()) {
        *value = N::Scalar::of(number(value.as_f64()));
    }
    samples
}

fn numbers<N: Layer>(rng: &mut StdRng) -> Targets<N::Output, N> {
    let targets = shaped::<N>(rng, |number| number);
    (targets.clone(), targets)
}

fn signs<N: Layer>(rng: &mut StdRng) -> Targets<N::Output, N> {
    let targets = shaped::<N>(rng, f64::signum);
    (targets.clone(), targets)
}

/// Numbers from 0 to 1: soft targets too, whose sum need not be 1.
fn shares<N: Layer>(rng: &mut StdRng) -> Targets<N::Output, N> {
    let targets = shaped::<N>(rng, f64::abs);
    (targets.clone(), targets)
}

/// Something that a network gives, and the classes that go with it.
trait Classified: Sample {
    type Classes: Copy + Sync;

    /// Random classes, and the same as probabilities.
    fn classes(rng: &mut StdRng) -> (Self::Classes, Self);
}

impl<T: Scalar, const N: usize> Classified for SVector<T, N> {
    type Classes = Class<N>;

    fn classes(rng: &mut StdRng) -> (Class<N>, Self) {
        let class = Class::new(rng.random_range(0..N)).unwrap();
        let mut shares = Self::zeros();
        shares[class.index()] = T::one();
        (class, shares)
    }
}

impl<T: Scalar, const C: usize, const H: usize, const W: usize> Classified for Image<C, H, W, T> {
    type Classes = [[Class<C>; W]; H];

    fn classes(rng: &mut StdRng) -> (Self::Classes, Self) {
        let mut shares = Self::default();
        let classes = std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                let class = rng.random_range(0..C);
                shares.as_mut_slice()[(class * H + row) * W + column] = T::one();
                Class::new(class).unwrap()
            })
        });
        (classes, shares)
    }
}

fn classes<N: Layer<Output: Classified>>(
    rng: &mut StdRng,
) -> Targets<<N::Output as Classified>::Classes, N> {
    (0..SAMPLES).map(|_| N::Output::classes(rng)).unzip()
}

/// Answers for networks of one output, or of one channel.
trait Answered: Sample {
    type Answers: Copy + Sync;

    /// Random answers, and the same as numbers.
    fn answers(rng: &mut StdRng) -> (Self::Answers, Self);
}

impl<T: Scalar> Answered for SVector<T, 1> {
    type Answers = bool;

    fn answers(rng: &mut StdRng) -> (bool, Self) {
        let answer = rng.random();
        (answer, Self::new(T::of(f64::from(u8::from(answer)))))
    }
}

impl<T: Scalar, const H: usize, const W: usize> Answered for Image<1, H, W, T> {
    type Answers = [[bool; W]; H];

    fn answers(rng: &mut StdRng) -> (Self::Answers, Self) {
        let answers: Self::Answers = std::array::from_fn(|_| std::array::from_fn(|_| rng.random()));
        let numbers = answers.map(|row| row.map(|answer| T::of(f64::from(u8::from(answer)))));
        (answers, [numbers].into())
    }
}

fn answers<N: Layer<Output: Answered>>(
    rng: &mut StdRng,
) -> Targets<<N::Output as Answered>::Answers, N> {
    (0..SAMPLES).map(|_| N::Output::answers(rng)).unzip()
}

fn answers_as_classes<N>(rng: &mut StdRng) -> Targets<Class<2>, N>
where
    N: Layer<Output: Answered<Answers = bool>>,
{
    let (answers, numbers) = answers::<N>(rng);
    (answers.into_iter().map(Class::from).collect(), numbers)
}

/// One network with one loss.
fn check<N, L, Y>(
    (targets, numbers): Targets<Y, N>,
    loss: &L,
    formula: impl Fn(&Numbers, &Numbers) -> f64,
    rng: &mut StdRng,
) where
    N: Trainable<L, Y>,
{
    let mut net = N::random(rng);
    for weight in net.as_mut_slice() {
        // Biases start at zero, which hides mistakes.
        *weight += N::Scalar::of(rng.random_range(-0.1..0.1));
    }
    let inputs = random::<N::Input>(SAMPLES, rng);
    let numbers = Numbers::of(&numbers);
    let by_hand = |net: &N| {
        let outputs: Vec<N::Output> = inputs.iter().map(|input| net.forward(input)).collect();
        formula(&Numbers::of(&outputs), &numbers)
    };
    let (value, gradient) = net.gradient(&inputs, &targets, loss);
    assert_eq!(value, net.loss(&inputs, &targets, loss), "the two ways to the loss");
    let (value, expected) = (value.as_f64(), by_hand(&net));
    let is_double = size_of::<N::Scalar>() == 8;
    let allowed = if is_double { 1e-12 } else { 2e-5 } * (1.0 + expected.abs());
    let name = std::any::type_name::<L>();
    assert!((value - expected).abs() < allowed, "{name} of {}: {value}, {expected}", N::NAME);
    if is_double {
        let gradient: Vec<f64> = gradient.as_slice().iter().map(|number| number.as_f64()).collect();
        compare(&mut *net, expected, &gradient, by_hand, rng);
    }
}

/// Every loss that compares outputs with numbers of their shape, or with classes: one type, so that a network is compiled once and not
/// once for each of them.
#[derive(Clone, Copy, Debug)]
enum Any {
    MeanSquaredError,
    MeanAbsoluteError,
    Huber,
    Hinge,
    CrossEntropy,
    SoftCrossEntropy,
    BinaryCrossEntropy,
    /// One of the user's own.
    LogCosh,
    Quantile,
    PoissonNll,
    CosineSimilarity,
    KullbackLeibler,
    Focal,
    FocalOfClasses,
    Smoothed,
    Sum,
    Weighted,
}

/// ln cosh(y − t)
struct LogCosh;

impl Pointwise for LogCosh {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        y: Vector<T, S>,
        t: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let d = y - t;
        let size = d.abs();
        let two = size.constant(2.0);
        (size + (-two * size).exp().ln_1p() - two.ln(), d.tanh())
    }
}

impl Any {
    const ALL: [Self; 17] = [
        Self::MeanSquaredError,
        Self::MeanAbsoluteError,
        Self::Huber,
        Self::Hinge,
        Self::CrossEntropy,
        Self::SoftCrossEntropy,
        Self::BinaryCrossEntropy,
        Self::LogCosh,
        Self::Quantile,
        Self::PoissonNll,
        Self::CosineSimilarity,
        Self::KullbackLeibler,
        Self::Focal,
        Self::FocalOfClasses,
        Self::Smoothed,
        Self::Sum,
        Self::Weighted,
    ];

    /// Yes-or-no questions do not go with `softmax`, which the compiler says of the loss itself.
    fn goes_with(self, outputs: Outputs) -> bool {
        outputs != Outputs::Distributions || !matches!(self, Self::BinaryCrossEntropy | Self::Focal)
    }

    /// What it takes.
    fn targets<N: Layer<Output: Classified>>(self, rng: &mut StdRng) -> Targets<Target<N>, N> {
        let (numbers, classes) = match self {
            Self::CrossEntropy | Self::FocalOfClasses | Self::Smoothed => {
                let (classes, numbers) = classes::<N>(rng);
                (numbers, classes)
            }
            _ => {
                let (numbers, _) = match self {
                    Self::Hinge => signs::<N>(rng),
                    Self::SoftCrossEntropy
                    | Self::BinaryCrossEntropy
                    | Self::PoissonNll
                    | Self::KullbackLeibler
                    | Self::Focal => shares::<N>(rng),
                    _ => numbers::<N>(rng),
                };
                (numbers, classes::<N>(rng).0)
            }
        };
        (numbers.iter().copied().zip(classes).collect(), numbers)
    }

    /// Its formula.
    fn of(self, outputs: Outputs, y: &Numbers, t: &Numbers) -> f64 {
        match self {
            Self::MeanSquaredError => of_numbers(y, t, |y, t| (y - t).powi(2)),
            Self::MeanAbsoluteError => of_numbers(y, t, |y, t| (y - t).abs()),
            Self::Huber => of_numbers(y, t, |y, t| huber(y - t, 0.25)),
            Self::Hinge => of_numbers(y, t, |y, t| (1.0 - t * y).max(0.0)),
            Self::CrossEntropy | Self::SoftCrossEntropy => cross_entropy(outputs, y, t),
            Self::BinaryCrossEntropy => binary_cross_entropy(outputs, y, t),
            Self::LogCosh => of_numbers(y, t, |y, t| (y - t).cosh().ln()),
            Self::Quantile => of_numbers(y, t, |y, t| f64::max(0.9 * (t - y), -0.1 * (t - y))),
            Self::PoissonNll => of_numbers(y, t, |y, t| y.exp() - t * y),
            Self::CosineSimilarity => cosine(y, t),
            Self::KullbackLeibler => kullback_leibler(outputs, y, t),
            Self::Focal => focal(outputs, y, t),
            Self::FocalOfClasses => focal_of_classes(outputs, y, t),
            Self::Smoothed => cross_entropy(outputs, y, &smoothed(t)),
            Self::Sum => of_numbers(y, t, |y, t| (y - t).powi(2)) + 0.5 * cosine(y, t),
            Self::Weighted => weighted(y, t),
        }
    }
}

/// Numbers, and classes.
type Target<N> = (<N as Layer>::Output, <<N as Layer>::Output as Classified>::Classes);

impl<O, A> Loss<O, (O, O::Classes), A> for Any
where
    O: Classified,
    A: LastActivation,
    MeanSquaredError: Loss<O, O, A>,
    MeanAbsoluteError: Loss<O, O, A>,
    Huber: Loss<O, O, A>,
    Hinge: Loss<O, O, A>,
    CrossEntropy: Loss<O, O, A> + Loss<O, O::Classes, A>,
    BinaryCrossEntropy: Loss<O, O, A>,
    LogCosh: Loss<O, O, A>,
    Quantile: Loss<O, O, A>,
    PoissonNll: Loss<O, O, A>,
    CosineSimilarity: Loss<O, O, A>,
    KullbackLeibler: Loss<O, O, A>,
    Focal: Loss<O, O, A> + Loss<O, O::Classes, A>,
    Smoothed<CrossEntropy>: Loss<O, O::Classes, A>,
    Sum<MeanSquaredError, Scaled<CosineSimilarity>>: Loss<O, O, A>,
{
    type Size = O::Size;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, scores: &mut [O], targets: &[(O, O::Classes)], scale: O::Scalar) -> f64 {
        let (numbers, classes): (Vec<O>, Vec<O::Classes>) = targets.iter().copied().unzip();
        match self {
            Self::MeanSquaredError => MeanSquaredError.evaluate(scores, &numbers, scale),
            Self::MeanAbsoluteError => MeanAbsoluteError.evaluate(scores, &numbers, scale),
            Self::Huber => Huber::new(0.25).evaluate(scores, &numbers, scale),
            Self::Hinge => Hinge.evaluate(scores, &numbers, scale),
            Self::CrossEntropy => CrossEntropy.evaluate(scores, &classes, scale),
            Self::SoftCrossEntropy => CrossEntropy.evaluate(scores, &numbers, scale),
            Self::BinaryCrossEntropy => BinaryCrossEntropy.evaluate(scores, &numbers, scale),
            Self::LogCosh => LogCosh.evaluate(scores, &numbers, scale),
            Self::Quantile => Quantile::new(0.9).evaluate(scores, &numbers, scale),
            Self::PoissonNll => PoissonNll.evaluate(scores, &numbers, scale),
            Self::CosineSimilarity => CosineSimilarity.evaluate(scores, &numbers, scale),
            Self::KullbackLeibler => KullbackLeibler.evaluate(scores, &numbers, scale),
            Self::Focal => Focal.evaluate(scores, &numbers, scale),
            Self::FocalOfClasses => Focal.evaluate(scores, &classes, scale),
            Self::Smoothed => CrossEntropy.label_smoothing(0.2).evaluate(scores, &classes, scale),
            Self::Sum => {
                let sum = MeanSquaredError.plus(CosineSimilarity.scaled(0.5));
                sum.evaluate(scores, &numbers, scale)
            }
            Self::Weighted => {
                let weight = |t: &O| O::Scalar::of(weight(t.as_slice()[0].as_f64()));
                let weighted: Vec<_> = numbers.iter().map(|t| (*t, weight(t))).collect();
                MeanSquaredError.weighted().evaluate(scores, &weighted, scale)
            }
        }
    }
}

/// One network with each loss.
fn check_all<N>(outputs: Outputs)
where
    N: Trainable<Any, Target<N>> + Layer<Output: Classified>,
{
    let rng = &mut StdRng::seed_from_u64(3);
    for loss in Any::ALL {
        if !loss.goes_with(outputs) {
            continue;
        }
        check::<N, _, _>(loss.targets::<N>(rng), &loss, |y, t| loss.of(outputs, y, t), rng);
    }
}

network! { struct Number<input 4 => dense 1>; }

/// Networks that end in an activation, in every way that one can.
macro_rules! ends {
    ($($module:ident: [$($activation:tt)+], $outputs:ident, $mixed:ident;)+) => {$(
        mod $module {
            use super::*;

            network! {
                struct Last<input 4 => dense 3 $($activation)+>;
                // The numbers stay as they are.
                struct Flattened<input 1x2x2 => conv 3 2x2 $($activation)+ => flatten>;
                struct ThereAndBack<input 4 => dense 3 $($activation)+ => reshape 3x1x1 => flatten => identity>;
                struct Flat<input 3x1x1 => flatten>;
                struct FlatInside<input 1x2x2 => conv 3 2x2 $($activation)+ => flat: Flat>;
                struct Pixels<input 1x2x2 => conv 3 1x1 $($activation)+>;
                struct PixelsAfterConcat<input 1x2x2 => concat { conv 2 1x1 } { conv 1 1x1 } $($activation)+>;
                struct OtherPixels<input 1x2x3 => conv 3 1x1 $($activation)+ => reshape 3x3x2>;
                // The numbers are mixed.
                struct FlatPixels<input 1x2x2 => conv 3 1x1 $($activation)+ => flatten>;
                struct Largest<input 1x2x2 => conv 3 1x1 $($activation)+ => maxpool 2x1>;
                struct Global<input 1x2x2 => conv 3 1x1 $($activation)+ => global avgpool>;
                // They stand side by side.
                struct Branches<input 4 => concat { dense 3 $($activation)+ } { dense 2 $($activation)+ }>;
                struct BranchesInside<input 4 => reshape 4x1x1 => flatten => branches: Branches => identity>;
                struct PixelBranches<input 1x2x2
                    => concat { conv 3 1x1 $($activation)+ } { conv 3 1x1 => $($activation)+ => identity }
                    => maxpool 2x1 => flatten
                >;
                struct OneBranch<input 1x2x2
                    => conv 3 1x1 $($activation)+ => identity
                    => concat { identity } { conv 2 1x1 $($activation)+ }
                    => concat { upsample 2 => maxpool 2x2 } { identity }
                >;
                struct From<input 4
                    => a: dense 3 tanh => dense 3 tanh
                    => concat { dense 2 $($activation)+ } { from a => dense 3 $($activation)+ } { from input => dense 2 $($activation)+ }
                >;
                struct FromPassed<input 1x2x2
                    => conv 3 1x1 $($activation)+ => flat: flatten => dense 3 tanh
                    => concat { dense 2 $($activation)+ } { from flat => dropout 0 } => identity
                >;
                struct Graph<input 3x1x1 => flat: flatten => reshape 3x1x1 => flatten => concat { } { from flat }>;
                struct GraphInside<input 1x2x2 => conv 3 2x2 $($activation)+ => graph: Graph>;
                // They are others.
                struct InResidual<input 3 => residual { dense 3 $($activation)+ }>;
                struct Added<input 4 => a: dense 3 $($activation)+ => dense 3 $($activation)+ => add { } { from a }>;
                // They are one of several outputs.
                struct Several<input 4
                    => trunk: dense 3 $($activation)+
                    => heads
                        same { }
                        last { dense 3 $($activation)+ }
                        passed { dense 3 $($activation)+ => reshape 3x1x1 => flatten => identity }
                        pixels { from trunk => dense 12 => reshape 3x2x2 => conv 3 1x1 $($activation)+ }
                        beside { concat { dense 3 $($activation)+ } { dense 2 $($activation)+ } }
                        number { from input => dense 1 }
                >;
            }

            #[test]
            fn of_several_heads() {
                let rng = &mut StdRng::seed_from_u64(3);
                let (last, mixed) = (Outputs::$outputs, Outputs::$mixed);
                for loss in Any::ALL.into_iter().filter(|loss| loss.goes_with(last)) {
                    // Of each head, the loss of another one too, and no two heads have the same targets.
                    let same = loss.targets::<Last<f64>>(rng);
                    let own = loss.targets::<Last<f64>>(rng);
                    let passed = Any::CrossEntropy.targets::<Last<f64>>(rng);
                    let pixels = loss.targets::<Pixels<f64>>(rng);
                    let beside = loss.targets::<Branches<f64>>(rng);
                    let number = numbers::<Number<f64>>(rng);
                    let losses = SeveralHeads {
                        same: loss,
                        last: loss,
                        passed: Any::CrossEntropy,
                        pixels: Scaled::new(loss, 0.5),
                        beside: loss,
                        number: MeanSquaredError.weighted(),
                    };
                    let targets: Vec<_> = (0..SAMPLES)
                        .map(|index| SeveralHeads {
                            same: same.0[index],
                            last: own.0[index],
                            passed: passed.0[index],
                            pixels: pixels.0[index],
                            beside: beside.0[index],
                            number: (number.0[index], 1.5),
                        })
                        .collect();
                    let mut net = <Several<f64> as Network>::random(rng);
                    let inputs = random::<SVector<f64, 4>>(SAMPLES, rng);
                    let by_hand = |net: &Several<f64>| {
                        let outputs: Vec<_> = inputs.iter().map(|input| net.forward(input)).collect();
                        macro_rules! head {
                            ($field:ident, $loss:expr, $kind:expr, $targets:expr) => {{
                                let field: Vec<_> = outputs.iter().map(|output| output.$field).collect();
                                $loss.of($kind, &Numbers::of(&field), &Numbers::of(&$targets.1))
                            }};
                        }
                        head!(same, loss, mixed, same)
                            + head!(last, loss, last, own)
                            + head!(passed, Any::CrossEntropy, last, passed)
                            + 0.5 * head!(pixels, loss, last, pixels)
                            + head!(beside, loss, mixed, beside)
                            + 1.5 * head!(number, Any::MeanSquaredError, Outputs::Scores, number)
                    };
                    let (value, gradient) = net.gradient(&inputs, &targets, &losses);
                    let expected = by_hand(&net);
                    assert_eq!(value, net.loss(&inputs, &targets, &losses), "the two ways to the loss");
                    let allowed = 1e-12 * (1.0 + expected.abs());
                    assert!((value - expected).abs() < allowed, "{loss:?}: {value}, {expected}");
                    let gradient = gradient.as_slice().to_vec();
                    compare(&mut *net, expected, &gradient, by_hand, rng);
                }
            }

            #[test]
            fn at_the_end() {
                let outputs = Outputs::$outputs;
                check_all::<Last<f64>>(outputs);
            }

            #[test]
            fn passed_on() {
                let outputs = Outputs::$outputs;
                check_all::<Flattened<f64>>(outputs);
                check_all::<ThereAndBack<f64>>(outputs);
                check_all::<FlatInside<f64>>(outputs);
            }

            #[test]
            fn of_pixels() {
                let outputs = Outputs::$outputs;
                check_all::<Pixels<f64>>(outputs);
                check_all::<Pixels<f32>>(outputs);
                check_all::<PixelsAfterConcat<f64>>(outputs);
                check_all::<OtherPixels<f64>>(outputs);
            }

            #[test]
            fn mixed() {
                let outputs = Outputs::$mixed;
                check_all::<FlatPixels<f64>>(outputs);
                check_all::<Largest<f64>>(outputs);
                check_all::<Global<f64>>(outputs);
            }

            #[test]
            fn side_by_side() {
                let outputs = Outputs::$mixed;
                check_all::<Branches<f64>>(outputs);
                check_all::<Branches<f32>>(outputs);
                check_all::<BranchesInside<f64>>(outputs);
                check_all::<PixelBranches<f64>>(outputs);
                check_all::<OneBranch<f64>>(outputs);
            }

            #[test]
            fn from_earlier_stages() {
                let outputs = Outputs::$mixed;
                check_all::<From<f64>>(outputs);
                check_all::<FromPassed<f64>>(outputs);
                check_all::<GraphInside<f64>>(outputs);
            }

            #[test]
            fn others() {
                let outputs = Outputs::Scores;
                check_all::<InResidual<f64>>(outputs);
                check_all::<Added<f64>>(outputs);
            }
        }
    )+};
}

// The third and the fourth word: what the outputs are, and what they are where other layers have mixed them.
ends! {
    tanh: [tanh], Scores, Scores;
    sigmoid: [sigmoid], Probabilities, Probabilities;
    softmax: [softmax], Distributions, Distributions;
}

/// One answer, or one a pixel.
mod answered {
    use super::*;

    /// A probability of one's own: what decides is 1/2.
    struct Logistic;

    impl Elementwise for Logistic {
        const NAME: &'static str = "logistic";
        const DECISION_BOUNDARY: f64 = 0.5;

        fn apply<T: Scalar, S: Simd>(x: Vector<T, S>) -> Vector<T, S> {
            x.sigmoid()
        }
    }

    impl ElementwiseGradient for Logistic {
        fn derivative<T: Scalar, S: Simd>(_: Vector<T, S>, y: Vector<T, S>) -> Vector<T, S> {
            y * (y.constant(1.0) - y)
        }
    }

    network! {
        struct Score<input 4 => dense 1>;
        struct HardSigmoid<input 4 => dense 1 hard_sigmoid>;
        struct Own<input 4 => dense 1 self::Logistic>;
        struct Discriminator<input 1x4x4 => conv 1 4x4 sigmoid => flatten>;
        struct Mask<input 1x3x3 => conv 1 3x3 pad same>;
        struct SmallMask<input 1x2x4 => conv 1 1x1 sigmoid => maxpool 2x2>;
    }

    /// With a `bool`, or one a pixel.
    fn check_answers<N>(outputs: Outputs)
    where
        N: Layer<Output: Answered>,
        N: Trainable<BinaryCrossEntropy, <<N as Layer>::Output as Answered>::Answers>,
    {
        let rng = &mut StdRng::seed_from_u64(4);
        let formula = |y: &Numbers, t: &Numbers| binary_cross_entropy(outputs, y, t);
        check::<N, _, _>(answers::<N>(rng), &BinaryCrossEntropy, formula, rng);
    }

    /// With a class of two.
    fn check_answer<N>(outputs: Outputs)
    where
        N: Layer<Output: Answered<Answers = bool>> + Trainable<BinaryCrossEntropy, Class<2>>,
    {
        let rng = &mut StdRng::seed_from_u64(5);
        let formula = |y: &Numbers, t: &Numbers| binary_cross_entropy(outputs, y, t);
        check::<N, _, _>(answers_as_classes::<N>(rng), &BinaryCrossEntropy, formula, rng);
    }

    #[test]
    fn vectors() {
        check_answers::<Score<f64>>(Outputs::Scores);
        check_answer::<Score<f64>>(Outputs::Scores);
        check_answers::<HardSigmoid<f64>>(Outputs::Probabilities);
        check_answers::<Own<f64>>(Outputs::Probabilities);
        check_answers::<Discriminator<f64>>(Outputs::Probabilities);
    }

    #[test]
    fn masks() {
        check_answers::<Mask<f64>>(Outputs::Scores);
        check_answers::<SmallMask<f64>>(Outputs::Probabilities);
    }
}

/// Stages whose outputs mean what those of the stage before mean decide where it does.
#[test]
fn decision_boundaries_are_passed_on() {
    network! {
        struct Sigmoid<input 1x2x2 => conv 1 2x2 sigmoid => flatten>;
        struct Dropped<input 4 => dense 1 sigmoid => dropout 0.5>;
        struct Mean<input 1x2x2 => conv 1 1x1 sigmoid => global avgpool>;
        struct Score<input 1x2x2 => conv 1 1x1 => global avgpool>;
        struct Step<input 1x2x2 => conv 1 2x2 step => flatten>;
        struct Branches<input 4 => concat { dense 1 sigmoid } { dense 3 hard_sigmoid => identity }>;
        struct Copies<input 1x2x2 => conv 1 1x1 sigmoid => concat { identity } { identity }>;
        struct Scores<input 4 => concat { dense 1 tanh } { dense 1 }>;
        struct From<input 4 => a: dense 2 tanh => dense 2 => concat { sigmoid } { from a => dense 3 hard_sigmoid }>;
        struct Kept<input 1x1x1
            => probability: conv 1 1x1 sigmoid => conv 1 1x1 => concat { sigmoid } { from probability }
            => reshape 1x2x1 => global avgpool
        >;
        struct ScoresFrom<input 4 => a: dense 2 sigmoid => b: dense 2 => dense 2 tanh => concat { } { from b }>;
        struct Sum<input 4 => a: dense 2 sigmoid => dense 2 sigmoid => add { } { from a }>;
    }
    fn boundary<N: Layer>() -> f64 {
        use axonal::activations::Activation;
        N::Activation::THRESHOLD
    }
    let boundaries = [
        boundary::<Sigmoid>(),
        boundary::<Dropped>(),
        boundary::<Mean>(),
        boundary::<Score>(),
        boundary::<Step>(),
        boundary::<Branches>(),
        boundary::<Copies>(),
        boundary::<Scores>(),
    ];
    assert_eq!(boundaries, [0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.0]);
    let boundaries =
        [boundary::<From>(), boundary::<Kept>(), boundary::<ScoresFrom>(), boundary::<Sum>()];
    assert_eq!(boundaries, [0.5, 0.5, 0.0, 0.0]);

    let mut net = Sigmoid::zeros();
    net.conv1.bias[0] = -3.0;
    let data = Dataset::new(vec![Image::<1, 2, 2>::default(); 4], vec![false; 4]).unwrap();
    assert_eq!(Evaluation::of(&*net, &data).accuracy(), 1.0);

    let mut net = Kept::zeros();
    net.conv1.bias[0] = -3.0;
    let data = Dataset::new(vec![Image::<1, 1, 1>::default(); 4], vec![false; 4]).unwrap();
    assert_eq!(Evaluation::of(&*net, &data).accuracy(), 1.0);
}

/// A branch that begins with `from` is what a branch inside of a branch is.
#[test]
fn branches_from_an_earlier_stage_end_as_nested_ones() {
    network! {
        struct From<input 4
            => a: dense 3 tanh => dense 3 tanh
            => concat { dense 2 sigmoid } { from a => dense 3 sigmoid } { from a => dense 2 sigmoid }
        >;
        struct Nested<input 4
            => dense 3 tanh
            => concat { dense 3 tanh => dense 2 sigmoid } { concat { dense 3 sigmoid } { dense 2 sigmoid } }
        >;
    }
    let rng = &mut StdRng::seed_from_u64(6);
    let from = From::<f64>::random(rng);
    let mut nested = Nested::<f64>::zeros();
    nested.as_mut_slice().copy_from_slice(from.as_slice());
    let inputs = random(SAMPLES, rng);
    let (targets, _) = shares::<From<f64>>(rng);
    let (loss, gradient) = from.gradient(&inputs, &targets, &BinaryCrossEntropy);
    let (expected, expected_gradient) = nested.gradient(&inputs, &targets, &BinaryCrossEntropy);
    assert!((loss - expected).abs() < 1e-12, "{loss}, {expected}");
    for (a, b) in gradient.as_slice().iter().zip(expected_gradient.as_slice()) {
        assert!((a - b).abs() < 1e-12, "{a}, {b}");
    }
}

/// Where a network is certain and wrong, the loss of its probabilities is large, not infinite.
#[test]
fn certain_probabilities_have_a_finite_loss() {
    network! {
        struct Yes<input 1x2x2 => conv 1 1x1 sigmoid => maxpool 2x2>;
        struct Classes<input 1x2x2 => conv 2 1x1 softmax => maxpool 2x2 => flatten>;
    }
    let image = [Image::<1, 2, 2, f64>::default()];
    let mut net = Yes::<f64>::zeros();
    net.conv1.bias[0] = 1e4;
    let (loss, gradient) = net.gradient(&image, &[[[false]]], &BinaryCrossEntropy);
    assert_eq!(loss, 100.0);
    assert!(gradient.as_slice().iter().all(|number| number.is_finite()));
    net.conv1.bias[0] = f64::NAN;
    assert!(net.loss(&image, &[[[false]]], &BinaryCrossEntropy).is_nan());

    let mut net = Classes::<f64>::zeros();
    net.conv1.bias[1] = 1e4;
    let (loss, gradient) = net.gradient(&image, &[Class::new(0).unwrap()], &CrossEntropy);
    assert_eq!(loss, 100.0);
    assert!(gradient.as_slice().iter().all(|number| number.is_finite()));
    net.conv1.bias[0] = f64::NAN;
    assert!(net.loss(&image, &[Class::new(1).unwrap()], &CrossEntropy).is_nan());
}
