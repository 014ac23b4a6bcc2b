//! Gradients against differences, batches of every size, threads and instruction sets.

use axonal::losses::{self, Loss, Scaled, Sum};
use axonal::prelude::*;
use axonal::{Sample, Scalar};
use rand::RngExt;

use crate::common::differences::check;
use crate::common::samples::{classes, random};

network! {
    struct Both<
        input image: 2x6x6, numbers: 3
        => joined: concat image { conv 4 3x3 softplus => flatten } numbers { } => dense 8 tanh
        => heads
            label { dense 5 tanh => dense 3 }
            mask { from joined => dense 36 => reshape 4x3x3 tanh => conv 1 1x1 sigmoid }
            value { }
            again { from numbers => add { dense 2 } { dense 2 tanh } }
    >;
}

type Inputs<T> = BothInputs<Image<2, 6, 6, T>, SVector<T, 3>>;
type Targets<T> = BothHeads<Class<3>, Image<1, 3, 3, T>, SVector<T, 8>, SVector<T, 2>>;

const LOSSES: BothHeads<CrossEntropy, BinaryCrossEntropy, Scaled<Huber>, MeanSquaredError> =
    BothHeads {
        label: CrossEntropy,
        mask: BinaryCrossEntropy,
        value: Scaled::new(Huber::new(1.0), 0.5),
        again: MeanSquaredError,
    };

fn samples<T: Scalar>(count: usize) -> (Vec<Inputs<T>>, Vec<Targets<T>>) {
    let rng = &mut StdRng::seed_from_u64(7);
    let labels = classes::<3>(count, rng);
    let targets = labels.into_iter().map(|label| BothHeads {
        label,
        mask: Image::from([[[T::of(rng.random_range(0.0..1.0)); 3]; 3]]),
        value: random(1, rng)[0],
        again: random(1, rng)[0],
    });
    let targets = targets.collect();
    (random(count, rng), targets)
}

#[test]
fn gradients_are_differences() {
    for count in [1, 2, 31, 33] {
        let (inputs, targets) = samples(count);
        let mut net = <Both<f64> as Network>::random(&mut StdRng::seed_from_u64(1));
        check(&mut *net, &inputs, &targets, &LOSSES, &mut StdRng::seed_from_u64(2));
    }
}

/// A batch against its samples, one by one. On each instruction set, tests/images/records.rs holds both against PyTorch.
fn compare<T: Scalar>(tolerance: f64)
where
    Both<T>: axonal::Trainable<
            BothHeads<CrossEntropy, BinaryCrossEntropy, Scaled<Huber>, MeanSquaredError>,
            Targets<T>,
        > + Network
        + axonal::Layer<Scalar = T, Input = Inputs<T>>,
    <Both<T> as axonal::Layer>::Output: Sample<Scalar = T>,
{
    let close = |a: &[T], b: &[T], what: &str| {
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (a.as_f64(), b.as_f64());
            assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}: {a}, {b}");
        }
    };
    let net = <Both<T> as Network>::random(&mut StdRng::seed_from_u64(1));
    for count in [0, 1, 2, 31, 33, 100] {
        let (inputs, targets) = samples::<T>(count);
        let mut outputs = <Both<T> as axonal::Layer>::Output::zeros_vec(count);
        net.forward_batch(&inputs, &mut outputs);
        let (loss, gradient) = net.gradient(&inputs, &targets, &LOSSES);
        let mut mean = T::of(0.0);
        let mut mean_gradient = Both::<T>::zeros();
        for ((input, target), output) in inputs.iter().zip(&targets).zip(&outputs) {
            let one = net.forward(input);
            close(one.as_slice(), output.as_slice(), "outputs");
            let parallel = net.forward_parallel(input);
            assert!(parallel == one, "threads");
            let (loss, gradient) = net.gradient(&[*input], &[*target], &LOSSES);
            let share = T::of(1.0 / count as f64);
            mean += loss * share;
            mean_gradient.add_scaled(share, &gradient);
        }
        close(&[loss], &[mean], &format!("loss of {count}"));
        let what = format!("gradient of {count}");
        close(gradient.as_slice(), mean_gradient.as_slice(), &what);
        close(&[net.loss(&inputs, &targets, &LOSSES)], &[mean], "loss");
    }
}

#[test]
fn batches_are_their_samples() {
    compare::<f64>(1e-12);
    compare::<f32>(1e-4);
}

/// Of a network of one head each, with the same weights: the losses and the gradients add up.
#[test]
fn losses_across_the_batch_beside_others() {
    network! {
        struct Three<input 4 => dense 5 tanh => heads near { dense 3 } far { dense 2 } label { dense 4 }>;
        struct Near<input 4 => dense 5 tanh => dense 3>;
        struct Far<input 4 => dense 5 tanh => dense 2>;
        struct Label<input 4 => dense 5 tanh => dense 4>;
    }
    const TRUNK: usize = 4 * 5 + 5;
    const ENDS: [usize; 4] = [TRUNK, TRUNK + 18, TRUNK + 18 + 12, TRUNK + 18 + 12 + 24];
    let rng = &mut StdRng::seed_from_u64(3);
    let net = <Three<f64> as Network>::random(rng);
    let mut expected = vec![0.0; ENDS[3]];
    for count in [0, 1, 2, 31, 33, 100] {
        let inputs: Vec<SVector<f64, 4>> = random(count, rng);
        let labels = classes::<4>(count, rng);
        let of_class: Vec<_> = labels
            .iter()
            .map(|label| ThreeHeads { near: *label, far: *label, label: *label })
            .collect();
        let losses = ThreeHeads {
            near: Triplet::new(1.0),
            far: Contrastive::new(1.0).scaled(0.5),
            label: CrossEntropy.label_smoothing(0.1),
        };
        let (value, gradient) = net.gradient(&inputs, &of_class, &losses);
        expected.fill(0.0);
        let mut sum = 0.0;
        macro_rules! alone {
            ($head:expr, $net:ident, $loss:expr) => {
                let mut alone = <$net<f64> as Parameters>::zeros();
                let own = ENDS[$head]..ENDS[$head + 1];
                let numbers = alone.as_mut_slice();
                numbers[..TRUNK].copy_from_slice(&net.as_slice()[..TRUNK]);
                numbers[TRUNK..].copy_from_slice(&net.as_slice()[own.clone()]);
                let (value, gradient) = alone.gradient(&inputs, &labels, &$loss);
                sum += value;
                for (sum, own) in expected[..TRUNK].iter_mut().zip(gradient.as_slice()) {
                    *sum += own;
                }
                expected[own].copy_from_slice(&gradient.as_slice()[TRUNK..]);
            };
        }
        alone!(0, Near, losses.near);
        alone!(1, Far, losses.far);
        alone!(2, Label, losses.label);
        assert!((value - sum).abs() < 1e-12, "{count}: {value}, {sum}");
        assert!(count < 31 || sum > 0.1);
        for (found, expected) in gradient.as_slice().iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-12, "{count}: {found}, {expected}");
        }
    }
}

network! {
    struct Two<input 4 => dense 5 tanh => heads first { dense 3 } second { dense 2 }>;
}

type OfTwo = TwoHeads<SVector<f64, 3>, SVector<f64, 2>>;

/// The product of the squared errors of both heads: a loss that no head has alone.
struct Product;

impl<A> Loss<OfTwo, OfTwo, A> for Product {
    type Size = <OfTwo as Sample>::Size;
    const PER_SAMPLE: bool = true;

    fn evaluate(&self, outputs: &mut [OfTwo], targets: &[OfTwo], scale: f64) -> f64 {
        let losses = outputs.iter_mut().zip(targets).map(|(output, target)| {
            let off = TwoHeads {
                first: output.first - target.first,
                second: output.second - target.second,
            };
            let [first, second] = [off.first.norm_squared(), off.second.norm_squared()];
            output.first = 2.0 * second * scale * off.first;
            output.second = 2.0 * first * scale * off.second;
            first * second
        });
        losses.sum()
    }
}

#[test]
fn a_loss_of_ones_own() {
    let rng = &mut StdRng::seed_from_u64(3);
    let mut net = <Two<f64> as Network>::random(rng);
    let (inputs, targets): (Vec<SVector<f64, 4>>, Vec<OfTwo>) = (random(5, rng), random(5, rng));
    check(&mut *net, &inputs, &targets, &Product, rng);
    // Of the outputs alone, and together with losses of each head.
    let outputs: Vec<OfTwo> = inputs.iter().map(|input| net.forward(input)).collect();
    let each = TwoHeads { first: MeanSquaredError, second: MeanAbsoluteError };
    let product = losses::value(&Product, &outputs, &targets);
    assert!((product - net.loss(&inputs, &targets, &Product)).abs() < 1e-12);
    let both = Sum::new(Scaled::new(each, 0.5), Product);
    let expected = 0.5 * losses::value(&each, &outputs, &targets) + product;
    assert!((losses::value(&both, &outputs, &targets) - expected).abs() < 1e-12);
    let mut gradients = outputs.clone();
    assert!((losses::gradient(&both, &outputs, &targets, &mut gradients) - expected).abs() < 1e-12);
    let mut gradient = Two::<f64>::zeros();
    net.backward(&inputs, &gradients, &mut gradient, None);
    let (_, of_loss) = net.gradient(&inputs, &targets, &both);
    for (a, b) in gradient.as_slice().iter().zip(of_loss.as_slice()) {
        assert!((a - b).abs() < 1e-12, "{a}, {b}");
    }
    check(&mut *net, &inputs, &targets, &both, rng);
}

#[test]
fn records_of_losses_are_losses() {
    let rng = &mut StdRng::seed_from_u64(3);
    let mut net = <Two<f64> as Network>::random(rng);
    let inputs: Vec<SVector<f64, 4>> = random(33, rng);
    let targets: Vec<OfTwo> = random(33, rng);
    let squares = TwoHeads { first: MeanSquaredError, second: MeanSquaredError.scaled(0.25) };
    let errors = TwoHeads { first: MeanAbsoluteError, second: LogCosh };
    let sum = Sum::new(squares, Scaled::new(errors, 3.0));
    check(&mut *net, &inputs, &targets, &sum, rng);
    let expected =
        net.loss(&inputs, &targets, &squares) + 3.0 * net.loss(&inputs, &targets, &errors);
    assert!((net.loss(&inputs, &targets, &sum) - expected).abs() < 1e-12);
    // Weights of samples are those of each head.
    let weighted: Vec<_> = targets
        .iter()
        .map(|target| TwoHeads {
            first: (target.first, rng.random_range(0.0..2.0)),
            second: target.second,
        })
        .collect();
    let loss = TwoHeads { first: MeanSquaredError.weighted(), second: CosineSimilarity };
    check(&mut *net, &inputs, &weighted, &loss, rng);
}
