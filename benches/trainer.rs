//! What a `Trainer` costs over the bare loop of its steps: `784-128-10`, batches of 32, Adam, on MNIST, one thread. It prints ratios of times that are taken in turns.
//!
//! `cargo bench --bench trainer`

use std::hint::black_box;
use std::time::Instant;

use axonal::prelude::*;
use rand::seq::SliceRandom;

network! { pub struct Digits<input 784 => dense 128 sigmoid => dense 10>; }

/// What trains a network.
type Way<'a> = Box<dyn Fn(&mut Digits) + 'a>;

type Data = Dataset<SVector<f32, 784>, Class<10>>;

const EPOCHS: usize = 2;
const ROUNDS: usize = 7;

fn main() {
    axonal::set_num_threads(1);
    let mnist = axonal::data::mnist("examples/data/mnist").expect("the data of the examples");
    let (train, test) = (mnist.train, mnist.test);
    let (validation, _) = test.split(0.1).expect("a fraction");
    let path = std::env::temp_dir().join(format!("axonal-bench-{}.ckpt", std::process::id()));

    let trainer = || Trainer::new(CrossEntropy, Adam::default()).epochs(EPOCHS);
    let mut ways: Vec<(&str, Way<'_>)> = vec![
        ("bare loop", Box::new(|net| bare(net, &train, |_| {}))),
        ("trainer", Box::new(|net| done(trainer().fit(net, &train, &mut rng())))),
        (
            "bare loop that validates",
            Box::new(|net| {
                bare(net, &train, |net| {
                    black_box(net.loss(validation.inputs(), validation.targets(), &CrossEntropy));
                    black_box(Evaluation::of(net, &validation).accuracy());
                });
            }),
        ),
        (
            "trainer with validation, best weights, checkpoint an epoch",
            Box::new(|net| {
                done(trainer().validate_on(&validation).checkpoint(&path).fit(
                    net,
                    &train,
                    &mut rng(),
                ));
            }),
        ),
    ];
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter_mut().zip(&mut times) {
            let mut net = Digits::random(&mut rng());
            let start = Instant::now();
            way(&mut net);
            times.push(start.elapsed().as_secs_f64());
        }
    }
    // The file is scratch.
    let _ = std::fs::remove_file(&path);
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        })
        .collect();
    for pair in [0, 2] {
        let (bare, trainer) = (medians[pair], medians[pair + 1]);
        println!("{} over {}: {:.3}", ways[pair + 1].0, ways[pair].0, trainer / bare);
    }
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn done(history: Result<History, axonal::Error>) {
    black_box(history.expect("a training that does not diverge"));
}

/// Steps over shuffled batches, which are gathered as a trainer does.
fn bare(net: &mut Digits, data: &Data, after: impl Fn(&Digits)) {
    let (mut rng, mut optimizer) = (rng(), Adam::default());
    let (mut inputs, mut targets) = (Vec::with_capacity(32), Vec::with_capacity(32));
    for _ in 0..EPOCHS {
        let mut order: Vec<usize> = (0..data.len()).collect();
        order.shuffle(&mut rng);
        for batch in order.chunks(32) {
            inputs.clear();
            targets.clear();
            for place in batch {
                inputs.push(data.inputs()[*place]);
                targets.push(data.targets()[*place]);
            }
            net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
        }
        after(net);
    }
}
