//! Draws the pictures of the guide: LeNet-5, and how it and `digits` train. It writes them to `docs/pictures`; those of tables are the example `tabular`'s.
//!
//! `cargo run --release --example pictures`

use std::path::Path;

use axonal::prelude::*;

network! {
    /// A grey image of 28x28 pixels in, one score a digit out.
    pub struct LeNet<input 28x28
        => conv 6 5x5 relu => maxpool 2x2
        => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10>;

    /// A state in; two means of actions and the value of the state out.
    pub struct ActorCritic<input 8
        => dense 64 tanh
        => concat { dense 64 tanh => dense 2 } { dense 64 tanh => dense 1 }>;

    /// 28x28 grey pixels in, one score a digit out.
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pictures = root.join("../docs/pictures");
    LeNet::diagram().save(pictures.join("lenet.svg"))?;
    ActorCritic::diagram().save(pictures.join("actor_critic.svg"))?;

    let mnist = axonal::data::mnist(root.join("data/mnist"))?;
    let mut rng = StdRng::seed_from_u64(7);
    let mut net: Box<Digits> = Digits::random(&mut rng);
    let history = Trainer::new(CrossEntropy, Adam::new(2e-3))
        .epochs(20)
        .batch_size(32)
        .validate_on(&mnist.test)
        .progress_bar()
        .fit(&mut *net, &mnist.train, &mut rng)?;
    println!("{}", history.sparkline(40));
    history.figure().save(pictures.join("digits.svg"))?;

    let images =
        |rows: Dataset<SVector<f32, 784>, Class<10>>| rows.reshape_inputs::<Image<1, 28, 28>>();
    let (train, test) = (images(mnist.train), images(mnist.test));
    let mut net: Box<LeNet> = LeNet::random(&mut rng);
    let history = Trainer::new(CrossEntropy, Adam::new(1e-3))
        .epochs(10)
        .batch_size(96)
        .validate_on(&test)
        .progress_bar()
        .fit(&mut *net, &train, &mut rng)?;
    history.figure().save(pictures.join("lenet_training.svg"))?;
    Ok(())
}
