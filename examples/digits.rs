//! Handwritten digits: describe a network, train it on MNIST, measure it, save it, load it.
//!
//! `cargo run --release --example digits`

use std::path::Path;

use axonal::prelude::*;

network! {
    /// 28x28 grey pixels in, one score a digit out.
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

fn main() -> Result<(), axonal::Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let mnist = axonal::data::mnist(data)?;
    println!("{} images to train on, {} to test on", mnist.train.len(), mnist.test.len());
    println!("\n{}\n", Digits::summary());

    let mut rng = StdRng::seed_from_u64(7);
    let mut net: Box<Digits> = Digits::random(&mut rng);
    let history = Trainer::new(CrossEntropy, Adam::new(2e-3))
        .epochs(12)
        .batch_size(32)
        .schedule(Schedule::Cosine)
        .validate_on(&mnist.test)
        .progress_bar()
        .fit(&mut *net, &mnist.train, &mut rng)?;

    let evaluation = Evaluation::of(&*net, &mnist.test);
    println!("{evaluation}\n");

    // The network again, from a file that PyTorch can read too.
    let path = std::env::temp_dir().join("digits.safetensors");
    net.save(&path)?;
    let loaded = Digits::load(&path)?;
    let same = mnist.test.inputs().iter().all(|image| net.forward(image) == loaded.forward(image));
    assert!(same, "the loaded network gives other scores");
    println!("saved to {}, loaded, and the same to the bit", path.display());

    println!("test accuracy: {:.2}%", 100.0 * evaluation.accuracy());
    println!("training time: {:.1} s", history.duration().as_secs_f64());
    Ok(())
}
