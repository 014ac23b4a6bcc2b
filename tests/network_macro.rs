//! What `network!` defines.

use axonal::prelude::*;

network! {
    /// Digits.
    #[allow(dead_code)]
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;

    struct Xor<input 2 => hidden: dense 3 tanh init uniform(-0.5, 0.5) no_bias => dense 1 sigmoid>;
}

#[test]
fn constants_are_those_of_the_layers() {
    assert_eq!(Digits::PARAMETERS, 784 * 128 + 128 + 128 * 10 + 10);
    assert_eq!((Digits::INPUT, Digits::OUTPUT), (784, 10));
    assert_eq!(Digits::MULTIPLY_ADDS, 784 * 128 + 128 * 10);
    assert_eq!(Digits::BYTES, 4 * Digits::PARAMETERS);
    assert_eq!(Xor::PARAMETERS, 2 * 3 + 3 + 1);
}
#[test]
fn fields_are_the_layers() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net: Box<Digits> = Digits::random(&mut rng);
    let weights: &SMatrix<f32, 128, 784> = &net.dense1.weight;
    assert!(weights.iter().any(|weight| *weight != 0.0));
    let _: &SVector<f32, 10> = &net.dense2.bias;
    let xor = Xor::<f64>::random(&mut rng);
    let _: &SMatrix<f64, 3, 2> = &xor.hidden.weight;
    let y: SVector<f32, 10> = net.forward(&SVector::zeros());
    let mut out = vec![SVector::zeros(); 200];
    net.forward_batch(&vec![SVector::zeros(); 200], &mut out);
    approx::assert_relative_eq!(out[199], y, max_relative = 1e-5);
    net.train_step(&[SVector::zeros()], &[SVector::zeros()], &MeanSquaredError, &mut Sgd::new(0.1));
    println!("{}", Digits::summary());
    let net = network!(input 784 => dense 12 sigmoid => dense 10);
    println!("{net:?}");
}
