//! Initial weights: the range or the deviation that each initializer promises, and the one that each activation chooses.

use axonal::init::Initializer;
use axonal::prelude::*;

const INPUTS: f64 = 300.0;
const OUTPUTS: f64 = 200.0;

macro_rules! networks {
    ($($name:ident $activation:ident)*) => {
        network! { $( struct $name<input 300 => dense 200 $activation>; )* }
    };
}

networks! {
    OfSigmoid sigmoid OfTanh tanh OfSoftsign softsign OfHardSigmoid hard_sigmoid OfSoftmax softmax OfStep step
    OfIdentity identity OfRelu relu OfRelu6 relu6 OfLeakyRelu leaky_relu OfElu elu OfGelu gelu OfSilu silu OfSoftplus softplus OfSelu selu
}

network! {
    struct Policy<input 8 => dense 64 tanh init orthogonal(1.5) => dense 2 init orthogonal(0.01)>;
    struct Orthogonal<
        input 3x8x8
        => conv 5 3x3 init orthogonal => conv 64 1x1 init orthogonal(-2)
        => conv_transpose 3 2x2 stride 2 init orthogonal
    >;
    struct Plain<input 300 => dense 200>;
    struct Asked<input 300 => dense 200 relu init lecun_uniform => dense 8 tanh init zeros>;
    struct Bounded<input 300 => dense 200 init uniform(-0.5, 0.25) => dense 8 init normal(0.5, 0.125)>;
}

/// Mean, standard deviation and largest size.
fn moments(weights: &[f32]) -> [f64; 3] {
    let values = || weights.iter().map(|weight| f64::from(*weight));
    let count = weights.len() as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    [mean, variance.sqrt(), values().fold(0.0, |largest, value| value.abs().max(largest))]
}

/// 60,000 numbers: the mean is within 5 of its own deviations, the deviation within 2%.
fn check_spread(name: &str, weights: &[f32], mean: f64, deviation: f64) {
    let [found_mean, found, _] = moments(weights);
    let error = 5.0 * deviation / (weights.len() as f64).sqrt();
    assert!((found_mean - mean).abs() < error, "{name}: a mean of {found_mean}");
    assert!((found / deviation - 1.0).abs() < 0.02, "{name}: {found}, not {deviation}");
}

fn check_uniform(name: &str, weights: &[f32], bound: f64) {
    check_spread(name, weights, 0.0, bound / 3.0_f64.sqrt());
    let [.., largest] = moments(weights);
    assert!(
        largest <= bound * (1.0 + 1e-6) && largest > 0.99 * bound,
        "{name}: {largest}, not {bound}"
    );
}

fn check_normal(name: &str, weights: &[f32], deviation: f64) {
    check_spread(name, weights, 0.0, deviation);
    // Of 60,000, some are beyond three deviations; a uniform distribution ends at 1.73.
    let [.., largest] = moments(weights);
    assert!(largest > 3.0 * deviation, "{name}: {largest} is too small for {deviation}");
}

#[test]
fn each_has_the_spread_that_it_promises() {
    let mut net = Plain::zeros();
    let mut rng = StdRng::seed_from_u64(1);
    let mut draw = |initializer| {
        net.dense1.bias.fill(1.0);
        net.dense1.initialize_with(initializer, &mut rng);
        assert!(net.dense1.bias.iter().all(|bias| *bias == 0.0), "the bias starts at zero");
        net.dense1.weight.as_slice().to_vec()
    };
    let both = INPUTS + OUTPUTS;
    check_uniform("glorot_uniform", &draw(Initializer::GlorotUniform), (6.0 / both).sqrt());
    check_normal("glorot_normal", &draw(Initializer::GlorotNormal), (2.0 / both).sqrt());
    check_uniform("he_uniform", &draw(Initializer::HeUniform), (6.0 / INPUTS).sqrt());
    check_normal("he_normal", &draw(Initializer::HeNormal), (2.0 / INPUTS).sqrt());
    check_uniform("lecun_uniform", &draw(Initializer::LecunUniform), (3.0 / INPUTS).sqrt());
    check_normal("lecun_normal", &draw(Initializer::LecunNormal), (1.0 / INPUTS).sqrt());
    assert!(draw(Initializer::Zeros).iter().all(|weight| *weight == 0.0));
}

#[test]
fn the_default_follows_the_activation() {
    let mut rng = StdRng::seed_from_u64(2);
    macro_rules! check {
        ($check:ident, $spread:expr, $($name:ident)*) => {
            $( $check(stringify!($name), $name::random(&mut rng).dense1.weight.as_slice(), $spread); )*
        };
    }
    check!(check_uniform, (6.0 / (INPUTS + OUTPUTS)).sqrt(),
        Plain OfIdentity OfSigmoid OfTanh OfSoftsign OfHardSigmoid OfSoftmax OfStep);
    check!(check_normal, (2.0 / INPUTS).sqrt(), OfRelu OfRelu6 OfLeakyRelu OfElu OfGelu OfSilu OfSoftplus);
    check!(check_normal, (1.0 / INPUTS).sqrt(), OfSelu);
}

#[test]
fn a_description_can_ask_for_another() {
    let mut rng = StdRng::seed_from_u64(3);
    let net = Asked::random(&mut rng);
    check_uniform("lecun_uniform", net.dense1.weight.as_slice(), (3.0 / INPUTS).sqrt());
    assert!(net.dense2.weight.iter().all(|weight| *weight == 0.0));

    let net = Bounded::random(&mut rng);
    let weights = net.dense1.weight.as_slice();
    check_spread("uniform", weights, -0.125, 0.75 / 12.0_f64.sqrt());
    assert!(weights.iter().all(|weight| (-0.5..=0.25).contains(weight)));
    let [mean, deviation, _] = moments(net.dense2.weight.as_slice());
    assert!((mean - 0.5).abs() < 0.02 && (deviation - 0.125).abs() < 0.01, "{mean} {deviation}");
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let draw = |seed| OfRelu::random(&mut StdRng::seed_from_u64(seed));
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

/// Rows or columns, whichever are fewer, are perpendicular and `gain` long.
fn check_orthogonal<T: axonal::Scalar, const R: usize, const C: usize>(
    weight: &SMatrix<T, R, C>,
    gain: f64,
    error: f64,
) {
    let weight = nalgebra::DMatrix::from_fn(R, C, |row, column| weight[(row, column)].as_f64());
    let products = if R < C { &weight * weight.transpose() } else { weight.transpose() * &weight };
    for (row, column) in
        (0..R.min(C)).flat_map(|row| (0..R.min(C)).map(move |column| (row, column)))
    {
        let expected = if row == column { gain * gain } else { 0.0 };
        let found = products[(row, column)];
        assert!((found - expected).abs() < error * gain * gain, "({row}, {column}): {found}");
    }
}

#[test]
fn orthogonal_weights_are_perpendicular() {
    let mut rng = StdRng::seed_from_u64(4);
    let net = Policy::random(&mut rng);
    check_orthogonal(&net.dense1.weight, 1.5, 1e-6);
    check_orthogonal(&net.dense2.weight, 0.01, 1e-6);
    let net = <Policy<f64> as axonal::Network>::random(&mut rng);
    check_orthogonal(&net.dense1.weight, 1.5, 1e-14);
    let net = Orthogonal::random(&mut rng);
    check_orthogonal(&net.conv1.weight, 1.0, 1e-6);
    check_orthogonal(&net.conv2.weight, 2.0, 1e-6);
    check_orthogonal(&net.conv_transpose1.weight, 1.0, 1e-6);

    let mut net = Plain::zeros();
    net.dense1.initialize_with(Initializer::Orthogonal { gain: 1.0 }, &mut rng);
    check_orthogonal(&net.dense1.weight, 1.0, 1e-6);
    // A rotation of each sign, and each direction, is as likely: numbers are normal, with mean 0.
    check_spread("orthogonal", net.dense1.weight.as_slice(), 0.0, (1.0 / INPUTS).sqrt());
}
