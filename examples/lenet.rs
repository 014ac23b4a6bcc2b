//! LeNet-5 on MNIST: two convolutions, two poolings, three dense layers.
//!
//! `cargo run --release --example lenet`
//!
//! Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
//! Proceedings of the IEEE 86 (1998); with rectified linear units, and the largest instead of the mean of each 2x2 pixels.

use std::path::Path;

use axonal::Image;
use axonal::prelude::*;

network! {
    /// A grey image of 28x28 pixels in, one score a digit out.
    pub struct LeNet<input 28x28
        => conv 6 5x5 relu => maxpool 2x2
        => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let mnist = axonal::data::mnist(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist"))?;
    let train = mnist.train.reshape_inputs::<Image<1, 28, 28>>();
    let test = mnist.test.reshape_inputs::<Image<1, 28, 28>>();
    println!("{}\n", LeNet::summary());

    let mut rng = StdRng::seed_from_u64(7);
    let mut net: Box<LeNet> = LeNet::random(&mut rng);
    let history = Trainer::new(CrossEntropy, Adam::new(2e-3))
        .epochs(10)
        .batch_size(128)
        .schedule(Schedule::Cosine)
        .validate_on(&test)
        .progress_bar()
        .fit(&mut *net, &train, &mut rng)?;

    let evaluation = Evaluation::of(&*net, &test);
    println!("{evaluation}\n");
    println!("test accuracy: {:.2}%", 100.0 * evaluation.accuracy());
    let epochs = history.epochs.len();
    println!("seconds an epoch: {:.2}", history.duration().as_secs_f64() / epochs as f64);
    Ok(())
}
