//! What `network!` defines.

use axonal::activations::{Elu, Identity, LeakyRelu, Relu, Sigmoid, Tanh};
use axonal::layers::{Activate, Dense, NoBias};
use axonal::prelude::*;
use axonal::{Layer, Sample};

use crate::common::differences;

const HIDDEN: usize = 5;

mod config {
    pub(crate) const OUTPUTS: usize = 3;
}

network! {
    /// 28x28 grey pixels in, one score a digit out.
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;

    #[allow(dead_code)]
    pub(crate) struct Labelled<input 2 => hidden: dense 3 tanh no_bias => dense 4 relu => r#match: dense 1>

    struct Constants<
        input {HIDDEN * 2} => dense HIDDEN leaky_relu(0.25) => dense config::OUTPUTS => dense 1_0 elu
    >;

    struct Alone<input 0x4 => relu => dense 2 => tanh>;

    struct Initialized<
        input 64 => dense 64 init uniform(2, 3.5) relu => dense 64 relu init normal(-100, 1e-1) => dense 1 init zeros
    >;
}

fn random<N: Network>() -> Box<N> {
    N::random(&mut StdRng::seed_from_u64(1))
}

#[test]
fn constants_are_those_of_the_layers() {
    assert_eq!(Digits::PARAMETERS, 784 * 128 + 128 + 128 * 10 + 10);
    assert_eq!((Digits::INPUT, Digits::OUTPUT), (784, 10));
    assert_eq!(Digits::MULTIPLY_ADDS, 784 * 128 + 128 * 10);
    assert_eq!(Digits::BYTES, 4 * Digits::PARAMETERS);
    assert_eq!(<Digits<f64> as Network>::BYTES, 8 * Digits::PARAMETERS);
    assert_eq!(<Digits as Network>::NAME, "Digits");
}

#[test]
fn fields_are_layers_of_the_library() {
    let net: Box<Digits> = Digits::random(&mut StdRng::seed_from_u64(1));
    let _: &Dense<f32, 784, 128, Sigmoid> = &net.dense1;
    let _: &Dense<f32, 128, 10> = &net.dense2;
    let weights: &SMatrix<f32, 128, 784> = &net.dense1.weight;
    assert!(weights.iter().any(|weight| *weight != 0.0));
    assert_eq!(net.dense2.bias, SVector::<f32, 10>::zeros());
}

#[test]
fn labels_name_fields_and_the_others_are_numbered() {
    let net = Labelled::zeros();
    let _: &Dense<f32, 2, 3, Tanh, NoBias<f32>> = &net.hidden;
    let _: &Dense<f32, 3, 4, Relu> = &net.dense1;
    let _: &Dense<f32, 4, 1> = &net.r#match;
    assert_eq!(Labelled::PARAMETERS, 6 + 12 + 4 + 4 + 1);
    assert!(Labelled::summary().rows.iter().any(|row| row.name == "match"));
}

#[test]
fn sizes_are_integers_constants_paths_and_expressions() {
    let net = Constants::zeros();
    let _: &Dense<f32, 10, 5, LeakyRelu<25, 100>> = &net.dense1;
    let _: &Dense<f32, 5, 3, Identity> = &net.dense2;
    let _: &Dense<f32, 3, 10, Elu<1, 1>> = &net.dense3;
    assert_eq!(Constants::INPUT, 10);
}

#[test]
fn an_activation_can_stand_alone() {
    let net = random::<Alone>();
    let _: &Activate<f32, SVector<f32, 4>, Relu> = &net.relu1;
    let _: &Activate<f32, SVector<f32, 2>, Tanh> = &net.tanh1;
    let output: SVector<f32, 2> = net.forward(&SVector::from([-1.0, -2.0, -3.0, 0.0]));
    assert!(output.iter().all(|value| *value == 0.0));
}

#[test]
fn initializers_are_used() {
    let net = random::<Initialized>();
    assert!(net.dense1.weight.iter().all(|weight| (2.0..=3.5).contains(weight)));
    assert!(net.dense2.weight.iter().all(|weight| (-101.0..=-99.0).contains(weight)));
    assert!(net.dense3.weight.iter().all(|weight| *weight == 0.0));
}

#[test]
fn a_network_is_generic_over_its_scalar() {
    let net = Digits::<f64>::random(&mut StdRng::seed_from_u64(1));
    let output: SVector<f64, 10> = net.forward(&SVector::repeat(0.5));
    assert!(output.iter().all(|score| score.is_finite()));
}

/// Chains of one layer, of two (one buffer) and of four (two buffers that take turns).
#[test]
fn batches_of_any_size_give_what_single_samples_give() {
    network! {
        struct One<input 3 => dense 2>;
        struct Two<input 3 => dense 200 tanh => dense 2>;
        struct Four<input 3 => dense 7 tanh => dense 9 relu => dense 1 => dense 2 sigmoid>;
    }
    fn check<N>()
    where
        N: Network<Scalar = f64, Input = SVector<f64, 3>, Output = SVector<f64, 2>>,
    {
        let net = random::<N>();
        for samples in [0, 1, 2, 95, 96, 97, 300] {
            let inputs: Vec<_> =
                (0..samples).map(|i| SVector::from([f64::from(i), 1.0, -f64::from(i)])).collect();
            let mut outputs = vec![SVector::zeros(); inputs.len()];
            net.forward_batch(&inputs, &mut outputs);
            for (input, output) in inputs.iter().zip(&outputs) {
                approx::assert_relative_eq!(net.forward(input), *output, max_relative = 1e-12);
            }
        }
    }
    check::<One<f64>>();
    check::<Two<f64>>();
    check::<Four<f64>>();
}

#[test]
fn gradients_of_deep_chains_are_those_of_finite_differences() {
    network! {
        struct Deep<input 3 => dense 4 tanh => sigmoid => dense 5 sigmoid => dense 2 no_bias tanh => dense 2>;
    }
    let mut net = random::<Deep<f64>>();
    let inputs: Vec<_> = (0..5).map(|i| SVector::from([f64::from(i), 0.3, -0.1])).collect();
    let targets = [SVector::from([0.5, -0.5]); 5];
    let rng = &mut StdRng::seed_from_u64(6);
    differences::check(&mut *net, &inputs, &targets, &MeanSquaredError, rng);
}

#[test]
fn an_expression_is_a_box_of_random_weights() {
    let bare = network!(input 784 => dense 12 sigmoid => dense 10);
    let bracketed = network!(< input 784 => dense 12 sigmoid => dense 10 >);
    let output: SVector<f32, 10> = bare.forward(&SVector::repeat(1.0));
    assert_ne!(output, bracketed.forward(&SVector::repeat(1.0)));
    assert_eq!(bare.dense1.weight.len(), 784 * 12);
}

#[test]
fn networks_can_be_compared_printed_and_boxes_cloned() {
    let net = random::<Labelled>();
    let mut copy = net.clone();
    assert_eq!(net, copy);
    copy.hidden.weight[0] += 1.0;
    assert_ne!(net, copy);
    let text = format!("{net:?}");
    assert!(text.starts_with("Labelled { hidden: Dense { weight: "), "{text}");
}

#[test]
fn a_step_can_be_used_forward() {
    let mut net = network!(input 2 => dense 1 step);
    net.dense1.weight = SMatrix::from_row_slice(&[1.0, 1.0]);
    assert!(net.forward(&SVector::from([1.0, 1.0]))[0] >= 0.0);
}

macro_rules! family {
    ($($visibility:vis $name:ident: $input:literal, $hidden:expr, $activation:ident;)*) => {
        network! {
            $($visibility struct $name<input $input => dense $hidden $activation => output: dense {$hidden + 1}>;)*
        }
    };
}

family! {
    Small: 4, 8, relu;
    pub Large: 4, 2 * 32, tanh;
}

#[test]
fn macros_make_families() {
    let _: &Dense<f32, 4, 8, Relu> = &Small::zeros().dense1;
    let _: &Dense<f32, 64, 65> = &Large::zeros().output;
    assert_eq!(Large::OUTPUT, 65);
}

macro_rules! shaped {
    ($name:ident, $rows:literal) => {
        network! { struct $name<input $rows => dense $rows>; }
    };
}
shaped!(Square, 6);

#[test]
fn literals_pass_through_macros() {
    assert_eq!(Square::PARAMETERS, 42);
    assert_eq!(<<Square as Layer>::Input as Sample>::LEN, 6);
}

#[test]
fn items_can_be_left_out_by_a_condition() {
    network! {
        #[cfg(any())]
        struct Absent<input NOT_THERE => dense 1>;
        struct Present<input 1 => dense 1>;
    }
    assert_eq!(Present::PARAMETERS, 2);
}

mod own {
    use axonal::layers::{ParameterPath, Part};
    use axonal::prelude::*;
    use axonal::{Layer, Scalar, Simd};

    /// A layer of the user's own: x · scale.
    #[repr(C)]
    #[derive(Debug, Parameters)]
    pub(crate) struct Scale<T: Scalar> {
        pub(crate) scale: SVector<T, 3>,
    }

    impl<T: Scalar> Layer for Scale<T> {
        type Input = SVector<T, 3>;
        type Output = SVector<T, 3>;
        type Activation = axonal::activations::Identity;

        const MULTIPLY_ADDS: usize = 3;

        fn infer_one<S: Simd>(&self, _: S, input: &Self::Input, output: &mut Self::Output) {
            *output = input.component_mul(&self.scale);
        }

        fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
            for (input, output) in inputs.iter().zip(outputs) {
                self.infer_one(simd, input, output);
            }
        }

        fn initialize<R: rand::Rng + ?Sized>(&mut self, _: &mut R) {
            self.scale.fill(T::of(2.0));
        }

        fn describe(_: &ParameterPath<'_>, _: &mut dyn FnMut(&ParameterPath<'_>, Part)) {}
    }

    network! {
        pub(crate) struct Encoder<input 4 => dense 3 axonal::activations::Tanh>;
    }
}

network! {
    struct Mixed<input 4 => encoder: own::Encoder => own::Scale => dense 2 => relu>;
    struct Nested<input 4 => own::Encoder => dense 2>;
    struct Alike<input 3 => own::Scale => own::Scale>;
}

#[test]
fn layers_and_networks_of_the_users_own_take_part() {
    let net = random::<Mixed>();
    let _: &own::Encoder = &net.encoder;
    let _: &own::Scale<f32> = &net.scale1;
    assert_eq!(Mixed::PARAMETERS, 4 * 3 + 3 + 3 + 3 * 2 + 2);
    assert!(net.forward(&SVector::repeat(1.0)).iter().all(|score| score.is_finite()));
    let _ = random::<Mixed<f64>>();
    assert_eq!(random::<Alike>().forward(&SVector::repeat(1.0)), SVector::<f32, 3>::repeat(4.0));
}

network! {
    struct Drawing<input 4 => dense 8 tanh => reshape 2x2x2 => conv_transpose 3 2x2>;
    struct Looking<input 3x3x3 => conv 2 2x2 tanh => flatten => dense 2>;
    struct Picture<input 4 => drawing: Drawing>;
    struct Both<input 4 => Picture => Looking>;
    struct Flat<input 4 => Picture => flatten => dense 2 tanh>;
}

#[test]
fn networks_give_images_to_each_other() {
    let both = random::<Both<f64>>();
    let input = SVector::from([0.1, 0.2, 0.3, 0.4]);
    let picture: axonal::Image<3, 3, 3, f64> = both.picture1.forward(&input);
    assert_eq!(both.forward(&input), both.looking1.forward(&picture));
    assert!(random::<Flat>().forward(&SVector::repeat(1.0)).iter().all(|score| score.is_finite()));

    let targets = [SVector::from([0.5, -0.5])];
    let (loss, gradient) = both.gradient(&[input], &targets, &MeanSquaredError);
    let mut moved = both.clone();
    for (at, slope) in gradient.as_slice().iter().enumerate() {
        let old = moved.as_slice()[at];
        moved.as_mut_slice()[at] = old + 1e-6;
        let difference = (moved.loss(&[input], &targets, &MeanSquaredError) - loss) / 1e-6;
        assert!((difference - slope).abs() < 1e-4, "parameter {at}: {slope}, {difference}");
        moved.as_mut_slice()[at] = old;
    }
}

#[test]
fn a_network_of_networks_is_trained() {
    let mut net = random::<Nested>();
    let inputs = [SVector::repeat(0.5)];
    let targets = [SVector::repeat(0.25)];
    let mut optimizer = Sgd::new(0.1);
    let before = net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    let after = net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    assert!(after < before, "{after} < {before}");
}
