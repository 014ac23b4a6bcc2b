//! An autoencoder: one network writes each image in 16 numbers, a second one draws the image from them, a third is both in a row.
//!
//! `cargo run --release --features png --example autoencoder`

use std::path::Path;

use axonal::Image;
use axonal::prelude::*;

network! {
    /// 28x28 grey pixels in, a code of 16 numbers out.
    pub struct Encoder<input 784 => reshape 28x28
        => conv 8 3x3 stride 2 pad same relu => conv 16 3x3 stride 2 pad same relu
        => flatten => dense 16>;

    /// A code in, the pixels out.
    pub struct Decoder<input 16 => dense 784 relu => reshape 16x7x7
        => conv_transpose 8 4x4 stride 2 pad 1 relu => conv_transpose 1 4x4 stride 2 pad 1
        => flatten => sigmoid>;

    /// Both: trained to give back what it is given.
    pub struct Autoencoder<input 784 => encoder: Encoder => decoder: Decoder>;
}

type Pixels = SVector<f32, 784>;

/// Ten digits in a row, with a gap between them; and three such rows.
const COLUMNS: usize = 10;
const PITCH: usize = 30;
type Picture = Image<1, { 3 * PITCH }, { COLUMNS * PITCH }>;

fn draw(picture: &mut Picture, row: usize, column: usize, pixels: &Pixels) {
    for (index, pixel) in pixels.iter().enumerate() {
        picture[(0, row * PITCH + index / 28, column * PITCH + index % 28)] = *pixel;
    }
}

fn main() -> Result<(), axonal::Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let mnist = axonal::data::mnist(data)?;
    // A quarter of the images is enough. The targets are the images themselves.
    let images = mnist.train.inputs()[..15_000].to_vec();
    let train = Dataset::new(images.clone(), images)?;
    let test = mnist.test.inputs();
    println!("{}\n{}\n{}\n", Encoder::summary(), Decoder::summary(), Autoencoder::summary());

    let mut rng = StdRng::seed_from_u64(7);
    let mut net = Autoencoder::random(&mut rng);
    println!("test loss before: {:.4}", net.loss(test, test, &MeanSquaredError));
    let history = Trainer::new(MeanSquaredError, Adam::new(2e-3))
        .epochs(4)
        .schedule(Schedule::Cosine)
        .progress_bar()
        .fit(&mut *net, &train, &mut rng)?;
    println!("test loss after: {:.4}", net.loss(test, test, &MeanSquaredError));
    println!("training time: {:.1} s", history.duration().as_secs_f64());

    // Above the digits, in the middle what became of them, below what lies half way to the next one: each half is a network
    // that can be used alone.
    let mut picture = Picture::default();
    for (column, pair) in test[..=COLUMNS].windows(2).enumerate() {
        let codes = [net.encoder.forward(&pair[0]), net.encoder.forward(&pair[1])];
        draw(&mut picture, 0, column, &pair[0]);
        draw(&mut picture, 1, column, &net.decoder.forward(&codes[0]));
        draw(&mut picture, 2, column, &net.decoder.forward(&codes[0].lerp(&codes[1], 0.5)));
    }
    let path = std::env::temp_dir().join("autoencoder.png");
    picture.write_png(&path)?;
    println!("digits, and what became of them: {}", path.display());
    Ok(())
}
