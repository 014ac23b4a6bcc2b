//! Losses on given outputs and at the end of networks: the ends of their range, batches of any size and in any pieces, weights, sums, embeddings.

#![cfg(all(feature = "train", feature = "files"))]

use axonal::losses::{OutputLoss, Pointwise, Scaled, Sum, Weighted, gradient, value};
use axonal::prelude::*;
use axonal::simd::Vector;
use axonal::testing::check_gradient;
use axonal::{Sample, Scalar, Simd, Trainable};
use rand::RngExt;

use crate::common::samples::{classes, distributions, numbers, probabilities, random, signs};

fn rng() -> StdRng {
    StdRng::seed_from_u64(5)
}

/// Value and gradient of outputs.
fn both<O: Sample, Y, L: OutputLoss<O, Y>>(
    loss: &L,
    outputs: &[O],
    targets: &[Y],
) -> (O::Scalar, Vec<O>) {
    let mut gradients = O::zeros_vec(outputs.len());
    let mean = gradient(loss, outputs, targets, &mut gradients);
    // In bits: NaN too.
    assert_eq!(mean.as_f64().to_bits(), value(loss, outputs, targets).as_f64().to_bits());
    (mean, gradients)
}

/// What holds of every loss of given outputs.
fn check<O, Y, L>(name: &str, loss: &L, targets: impl Fn(usize, &mut StdRng) -> Vec<Y>)
where
    O: Sample,
    L: OutputLoss<O, Y>,
{
    let rng = &mut rng();
    // No samples.
    assert_eq!(both::<O, Y, L>(loss, &[], &[]).0.as_f64(), 0.0, "{name}");
    for count in [1, 2, 7, 40] {
        let (outputs, targets) = (random::<O>(count, rng), targets(count, rng));
        let (mean, gradients) = both(loss, &outputs, &targets);
        assert!(mean.as_f64().is_finite(), "{name} of {count}");
        // Differences.
        if size_of::<O::Scalar>() == 8 {
            for _ in 0..10 {
                let (sample, number) = (rng.random_range(0..count), rng.random_range(0..O::LEN));
                let at = |change: f64| {
                    let mut outputs = outputs.clone();
                    outputs[sample].as_mut_slice()[number] += O::Scalar::of(change);
                    value(loss, &outputs, &targets).as_f64()
                };
                let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                let found = gradients[sample].as_slice()[number].as_f64();
                assert!(
                    (found - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                    "{name} of {count}: {found}, by differences {expected}"
                );
            }
        }
        // Large outputs.
        for size in [1e4, -1e4] {
            let mut outputs = outputs.clone();
            for number in outputs.iter_mut().flat_map(|output| output.as_mut_slice()) {
                *number *= O::Scalar::of(size);
            }
            let (mean, gradients) = both(loss, &outputs, &targets);
            let is_exponential = name.starts_with("poisson") || name.starts_with("gaussian");
            assert!(!mean.as_f64().is_nan(), "{name} at {size}");
            assert!(is_exponential || mean.as_f64().is_finite(), "{name} at {size}: {mean:?}");
            let all = gradients.iter().flat_map(|gradient| gradient.as_slice());
            for number in all.map(|number| number.as_f64()) {
                assert!(!number.is_nan(), "{name} at {size}: a gradient of NaN");
                assert!(is_exponential || number.is_finite(), "{name} at {size}: {number}");
            }
        }
        // Zeros.
        let zeros = O::zeros_vec(count);
        let (mean, gradients) = both(loss, &zeros, &targets);
        assert!(mean.as_f64().is_finite(), "{name} at 0");
        for number in gradients.iter().flat_map(|gradient| gradient.as_slice()) {
            assert!(number.as_f64().is_finite(), "{name} at 0: {number:?}");
        }
        // NaN in, NaN out, in whichever place.
        for number in 0..O::LEN {
            let mut outputs = outputs.clone();
            outputs[count / 2].as_mut_slice()[number] = O::Scalar::of(f64::NAN);
            assert!(value(loss, &outputs, &targets).as_f64().is_nan(), "{name}: a NaN is lost");
        }
        // Infinity may be NaN or infinite, or finite where it is right; it does not end the program.
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            let mut outputs = outputs.clone();
            outputs[count / 2].as_mut_slice()[0] = O::Scalar::of(infinite);
            both(loss, &outputs, &targets);
        }
    }
}

/// A loss of numbers, in both precisions, on vectors of other lengths than a register has.
macro_rules! every {
    ($($name:ident: $loss:expr, $output:ident<$n:literal>, $targets:expr;)+) => {$(
        #[test]
        fn $name() {
            let name = stringify!($name);
            check::<$output<f64, $n>, _, _>(name, &$loss, $targets);
            check::<$output<f32, $n>, _, _>(name, &$loss, $targets);
        }
    )+};
}

/// Numbers that no output is near to, so that no difference lies over a kink.
fn apart<T: Scalar, const N: usize>(count: usize, rng: &mut StdRng) -> Vec<SVector<T, N>> {
    numbers::<T, N>(count, rng).iter().map(|y| y.map(|y| y + y.signum() * T::of(1.5))).collect()
}

fn with_weights<T: Scalar, Y>(
    targets: impl Fn(usize, &mut StdRng) -> Vec<Y>,
) -> impl Fn(usize, &mut StdRng) -> Vec<(Y, T)> {
    move |count, rng| {
        let targets = targets(count, rng);
        targets.into_iter().map(|target| (target, T::of(rng.random_range(-1.0..2.0)))).collect()
    }
}

every! {
    mean_squared_error: MeanSquaredError, SVector<11>, numbers;
    mean_absolute_error: MeanAbsoluteError, SVector<11>, apart;
    huber: Huber, SVector<11>, numbers;
    log_cosh: LogCosh, SVector<11>, numbers;
    quantile: Quantile::new(0.2), SVector<11>, apart;
    poisson: PoissonNll, SVector<11>, probabilities;
    gaussian: GaussianNll.full(), SVector<10>, numbers::<_, 5>;
    gaussian_of_one: GaussianNll, SVector<2>, numbers::<_, 1>;
    cosine: CosineSimilarity, SVector<11>, apart;
    hinge: Hinge, SVector<11>, signs;
    hinge_of_classes: Hinge, SVector<11>, classes::<11>;
    binary_cross_entropy: BinaryCrossEntropy, SVector<11>, probabilities;
    cross_entropy: CrossEntropy, SVector<11>, classes::<11>;
    cross_entropy_soft: CrossEntropy, SVector<11>, distributions;
    kullback_leibler: KullbackLeibler, SVector<11>, distributions;
    focal: Focal, SVector<11>, probabilities;
    focal_without_gamma: Focal.gamma(0.0), SVector<11>, probabilities;
    focal_with_little_gamma: Focal.gamma(0.5).alpha(0.3), SVector<11>, probabilities;
    focal_of_classes: Focal, SVector<11>, classes::<11>;
    focal_of_classes_with_little_gamma: Focal.gamma(0.5), SVector<11>, classes::<11>;
    triplet: Triplet::new(0.7), SVector<5>, classes::<3>;
    contrastive: Contrastive::new(1.5), SVector<5>, classes::<3>;
    smoothed: CrossEntropy.label_smoothing(0.2), SVector<11>, classes::<11>;
    smoothed_answers: BinaryCrossEntropy.label_smoothing(0.2), SVector<11>, probabilities;
    scaled: LogCosh.scaled(-2.5), SVector<11>, numbers;
    sum: MeanSquaredError.plus(CosineSimilarity.scaled(0.5)), SVector<11>, apart;
    weighted: MeanSquaredError.weighted(), SVector<11>, with_weights(numbers);
    weighted_classes: CrossEntropy.weighted(), SVector<11>, with_weights(classes::<11>);
    all_at_once: CrossEntropy.label_smoothing(0.1).plus(Hinge.scaled(0.5)).weighted(), SVector<11>, with_weights(classes::<11>);
}

#[test]
fn answers_of_every_kind_are_the_same() {
    let rng = &mut rng();
    let outputs = random::<SVector<f64, 1>>(9, rng);
    let answers: Vec<bool> = (0..9).map(|index| index % 2 == 0).collect();
    let as_classes: Vec<Class<2>> = answers.iter().map(|answer| Class::from(*answer)).collect();
    let as_numbers: Vec<SVector<f64, 1>> =
        answers.iter().map(|answer| SVector::from([f64::from(u8::from(*answer))])).collect();
    let pictures: Vec<Image<1, 3, 3, f64>> =
        vec![Image::from_slice(&outputs.iter().map(|y| y[0]).collect::<Vec<_>>()).unwrap()];
    let mask = [std::array::from_fn(|row| std::array::from_fn(|column| answers[3 * row + column]))];
    let class_mask = mask.map(|mask: [[bool; 3]; 3]| mask.map(|row| row.map(Class::from)));
    macro_rules! same {
        ($loss:expr) => {
            let loss = $loss;
            let expected = both(&loss, &outputs, &as_numbers);
            assert_eq!(both(&loss, &outputs, &answers), expected);
            assert_eq!(both(&loss, &outputs, &as_classes), expected);
            let (mean, gradients) = both(&loss, &pictures, &mask);
            assert_eq!(both(&loss, &pictures, &class_mask), (mean, gradients.clone()));
            assert!((mean - expected.0).abs() < 1e-14);
            for (found, expected) in gradients[0].as_slice().iter().zip(expected.1) {
                assert!((found - expected[0]).abs() < 1e-15);
            }
        };
    }
    same!(BinaryCrossEntropy);
    same!(Focal.alpha(0.3));
    same!(BinaryCrossEntropy.label_smoothing(0.3));
}

#[test]
fn labels_of_pixels_are_those_of_samples() {
    let rng = &mut rng();
    let (outputs, labels) = (random::<SVector<f64, 4>>(6, rng), classes::<4>(6, rng));
    let mut picture = Image::<4, 2, 3, f64>::default();
    for (pixel, output) in outputs.iter().enumerate() {
        for (channel, number) in output.iter().enumerate() {
            picture.as_mut_slice()[channel * 6 + pixel] = *number;
        }
    }
    let pixels =
        [std::array::from_fn(|row| std::array::from_fn(|column| labels[3 * row + column]))];
    macro_rules! same {
        ($loss:expr) => {
            let ((mean, gradients), (expected, by_sample)) =
                (both(&$loss, &[picture], &pixels), both(&$loss, &outputs, &labels));
            assert!((mean - expected).abs() < 1e-14, "{}", stringify!($loss));
            for (pixel, expected) in by_sample.iter().enumerate() {
                for (channel, expected) in expected.iter().enumerate() {
                    let found = gradients[0].as_slice()[channel * 6 + pixel];
                    assert!((found - expected).abs() < 1e-14, "{}", stringify!($loss));
                }
            }
        };
    }
    same!(CrossEntropy);
    same!(Focal);
    same!(Focal.gamma(0.0).alpha(0.5));
    same!(CrossEntropy.label_smoothing(0.2));
}

/// Whole batches, and the same samples one by one.
#[test]
fn losses_of_single_samples_are_sums_of_them() {
    let rng = &mut rng();
    let outputs = random::<SVector<f64, 10>>(300, rng);
    macro_rules! sums {
        ($($loss:expr, $targets:expr;)+) => {$(
            let targets = $targets;
            let (mean, gradients) = both(&$loss, &outputs, &targets);
            let mut sum = 0.0;
            for (index, (output, target)) in outputs.iter().zip(&targets).enumerate() {
                let (loss, one) = both(&$loss, &[*output], std::slice::from_ref(target));
                sum += loss;
                let difference = (gradients[index] * 300.0 - one[0]).amax();
                assert!(difference < 1e-13, "{}", stringify!($loss));
            }
            assert!((mean - sum / 300.0).abs() < 1e-13, "{}", stringify!($loss));
        )+};
    }
    sums! {
        LogCosh, numbers(300, rng);
        Quantile::new(0.9), numbers(300, rng);
        PoissonNll, probabilities(300, rng);
        GaussianNll, numbers::<f64, 5>(300, rng);
        CosineSimilarity, numbers(300, rng);
        KullbackLeibler, distributions(300, rng);
        Focal, classes(300, rng);
        CrossEntropy.label_smoothing(0.1), classes(300, rng);
        MeanSquaredError.plus(Huber.scaled(0.1)), numbers(300, rng);
        Focal.weighted(), with_weights(classes::<10>)(300, rng);
    }
}

/// A loss of one's own.
#[derive(Clone, Copy)]
struct Fourth;

impl Pointwise for Fourth {
    #[inline(always)]
    fn of_number<T: Scalar, S: Simd>(
        &self,
        y: Vector<T, S>,
        t: Vector<T, S>,
    ) -> (Vector<T, S>, Vector<T, S>) {
        let square = (y - t) * (y - t);
        (square * square, y.constant(4.0) * square * (y - t))
    }
}

#[test]
fn losses_of_ones_own_are_scaled_added_and_weighted() {
    let (outputs, targets) = ([SVector::from([3.0]), SVector::from([1.0])], [SVector::zeros(); 2]);
    assert_eq!(value(&Fourth, &outputs, &targets), 41.0);
    assert_eq!(value(&Scaled::new(Fourth, 0.5), &outputs, &targets), 20.5);
    assert_eq!(value(&Sum::new(Fourth, MeanSquaredError), &outputs, &targets), 46.0);
    let weighted = targets.map(|target| (target, 2.0));
    assert_eq!(value(&Weighted::new(Fourth), &outputs, &weighted), 82.0);
}

network! {
    struct Net<input 6 => dense 12 tanh => dense 6>;
    struct Soft<input 6 => dense 12 tanh => dense 6 softmax>;
    struct Yes<input 6 => dense 12 tanh => dense 6 sigmoid>;
    struct Rates<input 6 => dense 12 tanh => dense 6 softplus>;
    struct Forecast<input 6 => dense 12 tanh => dense 6 gelu>;
    struct Pictures<input 1x4x4 => conv 4 3x3 tanh => conv 2 1x1>;
    struct Embedding<input 6 => dense 12 tanh => dense 3 sigmoid>;
}

/// Behind activations, in inference and training.
#[test]
fn gradients_of_networks_are_those_of_differences() {
    let rng = &mut rng();
    let inputs = numbers::<f64, 6>(7, rng);
    let targets = numbers::<f64, 6>(7, rng);
    let counts = probabilities::<f64, 6>(7, rng);
    let shares = distributions::<f64, 6>(7, rng);
    let labels = classes::<6>(7, rng);
    let few = classes::<2>(7, rng);
    let (net, soft) = (Net::<f64>::random(rng), Soft::<f64>::random(rng));
    let (yes, rates) = (Yes::<f64>::random(rng), Rates::<f64>::random(rng));
    let (forecast, pictures) = (Forecast::<f64>::random(rng), Pictures::<f64>::random(rng));
    check_gradient(&*forecast, &inputs, &numbers::<f64, 3>(7, rng), &GaussianNll);
    check_gradient(&*net, &inputs, &numbers::<f64, 3>(7, rng), &GaussianNll.full());
    let images = random::<Image<1, 4, 4, f64>>(3, rng);
    check_gradient(&*pictures, &images, &random::<Image<1, 2, 2, f64>>(3, rng), &GaussianNll);
    check_gradient(&*rates, &inputs, &counts, &PoissonNll.rates());
    check_gradient(&*soft, &inputs, &shares, &KullbackLeibler);
    check_gradient(&*soft, &inputs, &labels, &Focal);
    check_gradient(&*soft, &inputs, &labels, &CrossEntropy.label_smoothing(0.1));
    check_gradient(&*yes, &inputs, &counts, &Focal.alpha(0.25));
    check_gradient(&*yes, &inputs, &counts, &BinaryCrossEntropy.label_smoothing(0.1));
    let sum = BinaryCrossEntropy.plus(MeanSquaredError.scaled(3.0));
    check_gradient(&*yes, &inputs, &counts, &sum);
    check_gradient(&*soft, &inputs, &shares, &CrossEntropy.plus(CosineSimilarity));
    let embedding = Embedding::<f64>::random(rng);
    check_gradient(&*embedding, &inputs, &few, &Triplet::new(0.5));
    check_gradient(&*embedding, &inputs, &few, &Contrastive::new(0.5));
    check_gradient(&*embedding, &inputs, &few, &Triplet::new(0.5).plus(Contrastive::new(0.5)));
    let weighted: Vec<_> =
        targets.iter().copied().zip([1.0, 0.5, 0.0, -1.0, 2.0, 1.0, 3.0]).collect();
    check_gradient(&*net, &inputs, &weighted, &CosineSimilarity.weighted());
}

/// A loss and its gradient with and without weights of 1.
fn same_with_weights<N, Y, L>(name: &str, loss: &L, targets: &[Y], rng: &mut StdRng)
where
    N: Trainable<L, Y> + Trainable<Weighted<L>, (Y, f32)> + Network<Scalar = f32>,
    Y: Copy + Sync,
    L: Clone,
{
    let net = N::random(rng);
    let inputs = random::<N::Input>(targets.len(), rng);
    let weighted: Vec<(Y, f32)> = targets.iter().map(|target| (*target, 1.0)).collect();
    let (mean, gradient) = net.gradient(&inputs, targets, loss);
    let (same, same_gradient) = net.gradient(&inputs, &weighted, &Weighted::new(loss.clone()));
    assert_eq!(gradient.as_slice(), same_gradient.as_slice(), "{name}");
    assert!((mean - same).abs() <= 1e-6 * mean.abs(), "{name}: {mean}, {same}");
}

#[test]
fn weights_of_one_change_no_bit_of_a_gradient() {
    let rng = &mut rng();
    // More than one piece.
    for count in [1, 33, 3000] {
        let (targets, shares) = (numbers::<f32, 6>(count, rng), distributions(count, rng));
        let labels = classes::<6>(count, rng);
        same_with_weights::<Net, _, _>("squared", &MeanSquaredError, &targets, rng);
        same_with_weights::<Soft, _, _>("squared of softmax", &MeanSquaredError, &targets, rng);
        same_with_weights::<Yes, _, _>("huber", &Huber, &targets, rng);
        same_with_weights::<Net, _, _>("classes", &CrossEntropy, &labels, rng);
        same_with_weights::<Soft, _, _>("soft", &CrossEntropy, &shares, rng);
        same_with_weights::<Yes, _, _>("binary", &BinaryCrossEntropy, &shares, rng);
        same_with_weights::<Net, _, _>("focal", &Focal, &labels, rng);
    }
}

#[test]
fn weights_are_there_in_training_validation_and_evaluation() {
    let rng = &mut rng();
    let inputs = numbers::<f32, 6>(60, rng);
    let labels: Vec<Class<6>> =
        inputs.iter().map(|x| Class::new(if x[0] > 0.0 { 1 } else { 4 }).unwrap()).collect();
    // What counts nothing is labelled wrongly.
    let targets: Vec<(Class<6>, f32)> = labels
        .iter()
        .enumerate()
        .map(
            |(index, label)| {
                if index % 3 == 0 { (Class::new(0).unwrap(), 0.0) } else { (*label, 1.0) }
            },
        )
        .collect();
    let data = Dataset::new(inputs.clone(), targets).unwrap();
    let truth = Dataset::new(inputs, labels).unwrap();
    let mut net = Net::random(rng);
    let history = Trainer::new(CrossEntropy.weighted(), Adam::new(0.02))
        .epochs(30)
        .batch_size(20)
        .validate_on(&data)
        .fit(&mut *net, &data, rng)
        .unwrap();
    let validation = history.last().unwrap().validation.clone().unwrap();
    assert_eq!(validation.metric, "accuracy");
    // Metrics do not look at weights.
    let evaluation = Evaluation::of(&*net, &data);
    assert_eq!(evaluation.accuracy(), validation.score);
    assert_eq!(Evaluation::by(&*net, &data, &CrossEntropy.weighted()).accuracy(), validation.score);
    assert!(Evaluation::of(&*net, &truth).accuracy() > 0.8, "{evaluation}");
    let nan = [(Class::new(0).unwrap(), f32::NAN)];
    assert!(net.loss(&data.inputs()[..1], &nan, &CrossEntropy.weighted()).is_nan());
}

#[test]
fn what_is_made_of_a_loss_measures_what_it_measures() {
    let rng = &mut rng();
    let (inputs, targets) = (numbers::<f32, 6>(20, rng), distributions::<f32, 6>(20, rng));
    let data = Dataset::new(inputs, targets).unwrap();
    let mut net = Net::random(rng);
    macro_rules! measured {
        ($($loss:expr => $metric:literal;)+) => {$(
            let history = Trainer::new($loss, Sgd::new(0.01)).validate_on(&data).fit(&mut *net, &data, rng).unwrap();
            let name = history.last().unwrap().validation.clone().unwrap().metric;
            assert_eq!(name, $metric, "{}", stringify!($loss));
        )+};
    }
    measured! {
        LogCosh => "R²";
        Quantile::new(0.5) => "loss";
        PoissonNll => "loss";
        CosineSimilarity => "loss";
        KullbackLeibler => "accuracy";
        Focal => "accuracy";
        MeanSquaredError.scaled(0.5) => "R²";
        CosineSimilarity.plus(MeanSquaredError) => "R²";
        CrossEntropy.label_smoothing(0.1) => "accuracy";
    }
    // The means of a likelihood.
    let data: Dataset<_, SVector<f32, 3>> =
        data.inputs().iter().map(|input| (*input, SVector::from([input[0], 0.0, 1.0]))).collect();
    let history = Trainer::new(GaussianNll, Sgd::new(0.01))
        .validate_on(&data)
        .fit(&mut *net, &data, rng)
        .unwrap();
    assert_eq!(history.last().unwrap().validation.as_ref().unwrap().metric, "loss");
    assert!(Evaluation::by(&*net, &data, &GaussianNll).r2() <= 1.0);
}

/// All triplets and all pairs, in loops.
#[test]
fn losses_of_embeddings_are_means_over_all_triplets_and_pairs() {
    let rng = &mut rng();
    for count in [3, 10, 41] {
        let (outputs, labels) = (random::<SVector<f64, 4>>(count, rng), classes::<3>(count, rng));
        let distance = |i: usize, j: usize| (outputs[i] - outputs[j]).norm();
        let (mut sum, mut triplets, mut pair_sum, mut pairs) = (0.0, 0.0, 0.0, 0.0);
        for a in 0..count {
            for p in 0..count {
                if a < p {
                    let d = distance(a, p);
                    let off = if labels[a] == labels[p] { d } else { (0.8 - d).max(0.0) };
                    pair_sum += 0.5 * off * off;
                    pairs += 1.0;
                }
                for n in 0..count {
                    if a != p && labels[a] == labels[p] && labels[a] != labels[n] {
                        sum += (distance(a, p) - distance(a, n) + 0.3).max(0.0);
                        triplets += 1.0;
                    }
                }
            }
        }
        let found = Triplet::new(0.3).value(&outputs, &labels);
        assert!((found - sum / f64::max(triplets, 1.0)).abs() < 1e-13, "{found}, {sum}");
        let found = Contrastive::new(0.8).value(&outputs, &labels);
        assert!((found - pair_sum / pairs).abs() < 1e-13, "{found}, {pair_sum}");
    }
}

#[test]
fn batches_without_a_triplet_and_samples_in_one_place() {
    let outputs = [SVector::from([1.0, 2.0]), SVector::from([1.0, 2.0]), SVector::from([0.0, 0.0])];
    let zeros = vec![SVector::<f64, 2>::zeros(); 3];
    let labels = |labels: [usize; 3]| labels.map(|label| Class::<3>::new(label).unwrap());
    // All of one class; no two of one class.
    assert_eq!(both(&Triplet::new(1.0), &outputs, &labels([1, 1, 1])), (0.0, zeros.clone()));
    assert_eq!(both(&Triplet::new(1.0), &outputs, &labels([0, 1, 2])), (0.0, zeros.clone()));
    assert_eq!(both(&Contrastive::new(1.0), &outputs[..1], &labels([0, 1, 2])[..1]).0, 0.0);
    // A distance of 0 has no direction.
    let one_place = [outputs[0]; 3];
    assert_eq!(both(&Triplet::new(1.0), &one_place, &labels([0, 0, 1])), (1.0, zeros.clone()));
    assert_eq!(both(&Contrastive::new(1.0), &one_place, &labels([0, 1, 2])), (0.5, zeros));
    // NaN is not lost where there is no triplet.
    let nan = [SVector::from([f64::NAN, 0.0]); 3];
    assert!(Triplet::new(1.0).value(&nan, &labels([1, 1, 1])).is_nan());
}
