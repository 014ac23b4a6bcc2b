//! A small residual network of convolutions with batch normalization, on MNIST.
//!
//! `cargo run --release --example residual`

use std::path::Path;

use axonal::prelude::*;

network! {
    /// 28x28 grey pixels in, one score a digit out.
    ///
    /// Each block adds what it finds to what it was given, so that the gradient has a short way back. Where a block halves the
    /// image and doubles the channels, a convolution of 1x1 does the same to its input.
    pub struct Residual<input 784 => reshape 28x28
        => conv 8 3x3 stride 2 pad same no_bias => batchnorm relu
        => residual {
            conv 8 3x3 pad same no_bias => batchnorm relu
            => conv 8 3x3 pad same no_bias => batchnorm
        } relu
        => residual {
            conv 16 3x3 stride 2 pad same no_bias => batchnorm relu
            => conv 16 3x3 pad same no_bias => batchnorm
        } project { conv 16 1x1 stride 2 pad same no_bias => batchnorm } relu
        => residual {
            conv 32 3x3 stride 2 pad same no_bias => batchnorm relu
            => conv 32 3x3 pad same no_bias => batchnorm
        } project { conv 32 1x1 stride 2 pad same no_bias => batchnorm } relu
        => global avgpool => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let mnist = axonal::data::mnist(data)?;
    println!("{}\n", Residual::summary());

    let mut rng = StdRng::seed_from_u64(7);
    let mut net = Residual::random(&mut rng);
    let history = Trainer::new(CrossEntropy, AdamW::new(5e-3))
        .epochs(5)
        .batch_size(64)
        .schedule(Schedule::Cosine)
        .validate_on(&mnist.test)
        .progress_bar()
        .fit(&mut *net, &mnist.train, &mut rng)?;

    let evaluation = Evaluation::of(&*net, &mnist.test);
    println!("{evaluation}\n");
    println!("test accuracy: {:.2}%", 100.0 * evaluation.accuracy());
    println!("training time: {:.1} s", history.duration().as_secs_f64());
    Ok(())
}
