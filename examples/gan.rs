//! Two networks against each other: one draws digits, the other one tells them from those of MNIST (Goodfellow et al. 2014,
//! <https://arxiv.org/abs/1406.2661>; layers and settings after DCGAN, Radford et al. 2015, <https://arxiv.org/abs/1511.06434>).
//!
//! `cargo run --release --features png --example gan`

use std::path::Path;
use std::time::Instant;

use axonal::Image;
use axonal::layers::Context;
use axonal::prelude::*;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::StandardNormal;

const CODE: usize = 32;
const BATCH: usize = 64;
const EPOCHS: usize = 12;

network! {
    /// From 32 numbers of a normal distribution to the pixels of a digit, from 0 to 1.
    pub struct Generator<input CODE
        => dense 1568 init normal(0.0, 0.02) no_bias => reshape 32x7x7 => batchnorm relu
        => conv_transpose 16 4x4 stride 2 pad 1 init normal(0.0, 0.02) no_bias => batchnorm relu
        => conv_transpose 1 4x4 stride 2 pad 1 init normal(0.0, 0.02) sigmoid>;

    /// From pixels to a score: above 0 where it takes them for those of a real digit.
    pub struct Discriminator<input 28x28
        => conv 16 4x4 stride 2 pad 1 leaky_relu(0.2) => conv 32 4x4 stride 2 pad 1 leaky_relu(0.2)
        => flatten => dropout 0.3 => dense 1>;
}

type Digit = Image<1, 28, 28>;
type Code = SVector<f32, CODE>;

fn code(rng: &mut StdRng) -> Code {
    Code::from_fn(|_, _| rng.sample(StandardNormal))
}

/// Both networks, and what a step of each needs.
struct Game {
    generator: Box<Generator>,
    discriminator: Box<Discriminator>,
    of_generator: Adam<f32>,
    of_discriminator: Adam<f32>,
    gradient: Box<Generator>,
    codes: Vec<Code>,
    /// Real digits, and drawn ones behind them.
    digits: Vec<Digit>,
    answers: Vec<SVector<f32, 1>>,
    scores: Vec<SVector<f32, 1>>,
    score_gradients: Vec<SVector<f32, 1>>,
    digit_gradients: Vec<Digit>,
}

impl Game {
    fn new(rng: &mut StdRng) -> Self {
        // A smaller first moment: the other network's steps change what is to be learned.
        let adam = || Adam::new(5e-4).betas(0.5, 0.999);
        // Real digits are so with 0.9, so that the scores do not grow without bound.
        let answers = [0.9; BATCH].into_iter().chain([0.0; BATCH]);
        Self {
            generator: Generator::random(rng),
            discriminator: Discriminator::random(rng),
            of_generator: adam(),
            of_discriminator: adam(),
            gradient: Generator::zeros(),
            codes: vec![Code::zeros(); BATCH],
            digits: Digit::zeros_vec(2 * BATCH),
            answers: answers.map(|answer| SVector::from([answer])).collect(),
            scores: vec![SVector::zeros(); BATCH],
            score_gradients: vec![SVector::zeros(); BATCH],
            digit_gradients: Digit::zeros_vec(BATCH),
        }
    }

    /// One step of each network, and their losses: of the one that tells, and of the one that draws.
    fn step(&mut self, real: &[Digit], rng: &mut StdRng) -> [f32; 2] {
        self.codes.fill_with(|| code(rng));
        self.digits[..BATCH].copy_from_slice(real);
        let (_, drawn) = self.digits.split_at_mut(BATCH);
        // Batch normalization takes the statistics of this batch, here and in the backward pass below.
        let context = self.of_generator.context();
        self.generator.forward_with(context, &self.codes, drawn);
        let told = self.discriminator.train_step(
            &self.digits,
            &self.answers,
            &BinaryCrossEntropy,
            &mut self.of_discriminator,
        );

        // The generator's loss is that of the scores of what it drew, were these digits real: its gradient goes through the discriminator, and on.
        let drawn = &self.digits[BATCH..];
        self.discriminator.forward_with(Context::INFERENCE, drawn, &mut self.scores);
        let fooled = BinaryCrossEntropy.gradient(
            &self.scores,
            &[SVector::from([1.0]); BATCH],
            &mut self.score_gradients,
        );
        self.discriminator.input_gradients(drawn, &self.score_gradients, &mut self.digit_gradients);
        self.generator.backward_with(
            context,
            &self.codes,
            &self.digit_gradients,
            Some(&mut self.gradient),
            None,
        );
        self.of_generator.apply(&mut *self.generator, &self.gradient);
        [told, fooled]
    }
}

/// Drawn digits in rows, with a gap between them; the last two rows go from one code to another.
const ROWS: usize = 8;
const COLUMNS: usize = 12;
const PITCH: usize = 30;
type Picture = Image<1, { ROWS * PITCH }, { COLUMNS * PITCH }>;

fn draw(generator: &Generator, rng: &mut StdRng) -> Box<Picture> {
    let mut picture = Picture::boxed_zeros();
    for row in 0..ROWS {
        let ends = [code(rng), code(rng)];
        for column in 0..COLUMNS {
            let code = if row + 2 < ROWS {
                code(rng)
            } else {
                ends[0].lerp(&ends[1], column as f32 / (COLUMNS - 1) as f32)
            };
            let digit = generator.forward(&code);
            for (index, pixel) in digit.as_slice().iter().enumerate() {
                picture[(0, row * PITCH + index / 28, column * PITCH + index % 28)] = *pixel;
            }
        }
    }
    picture
}

fn main() -> Result<(), axonal::Error> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
    let mnist = axonal::data::mnist(data)?;
    // A third of the digits is enough.
    let mut digits = Digit::zeros_vec(20_000);
    for (digit, pixels) in digits.iter_mut().zip(mnist.train.inputs()) {
        digit.as_mut_slice().copy_from_slice(pixels.as_slice());
    }
    println!("{}\n{}\n", Generator::summary(), Discriminator::summary());

    let mut rng = StdRng::seed_from_u64(7);
    let mut game = Game::new(&mut rng);
    let start = Instant::now();
    for epoch in 1..=EPOCHS {
        digits.shuffle(&mut rng);
        let mut sums = [0.0; 2];
        for real in digits.chunks_exact(BATCH) {
            let losses = game.step(real, &mut rng);
            sums = [sums[0] + losses[0], sums[1] + losses[1]];
        }
        let [told, fooled] = sums.map(|sum| sum / (digits.len() / BATCH) as f32);
        let seconds = start.elapsed().as_secs_f64();
        println!("epoch {epoch:2}  discriminator {told:.3}  generator {fooled:.3}  {seconds:.1} s");
    }

    let path = std::env::temp_dir().join("gan.png");
    draw(&game.generator, &mut rng).write_png(&path)?;
    println!("digits that nobody wrote: {}", path.display());
    Ok(())
}
