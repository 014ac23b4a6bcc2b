//! Results do not depend on the number of threads, to the bit. A process of its own: it asks for numbers of threads.
#![cfg(feature = "rayon")]

use std::cell::RefCell;
use std::sync::mpsc;

use axonal::Parameters;
use axonal::prelude::*;
use rand::RngExt;
use rayon::ThreadPoolBuilder;

network! {
    struct Wide<input 100 => dense 64 tanh => dense 36 gelu => dense 10>;
    struct Long<input 701 => dense 65 gelu => dense 10>;
    struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 3>;
}

fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn random<const N: usize>(samples: usize) -> Vec<SVector<f32, N>> {
    let mut rng = StdRng::seed_from_u64(5);
    (0..samples).map(|_| SVector::from_fn(|_, _| rng.random_range(-1.0..1.0))).collect()
}

/// Trains and predicts on one thread, on several, and from outside of any pool.
fn check<N, const IN: usize, const OUT: usize>(samples: usize)
where
    N: Network + axonal::Differentiable,
    N: axonal::Layer<Input = SVector<f32, IN>, Output = SVector<f32, OUT>, Scalar = f32>,
    N::Activation: axonal::activations::ActivationGradient,
{
    let (inputs, targets) = (random::<IN>(samples), random::<OUT>(samples));
    let run = || {
        let mut net = N::random(&mut StdRng::seed_from_u64(1));
        let mut optimizer = Adam::new(1e-3);
        let losses: Vec<f32> = (0..3)
            .map(|_| net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer))
            .collect();
        let (loss, gradient) = net.gradient(&inputs, &targets, &MeanSquaredError);
        let mut outputs = vec![SVector::zeros(); samples];
        net.forward_batch(&inputs, &mut outputs);
        let weights = net.as_slice().to_vec();
        (losses, loss, gradient.as_slice().to_vec(), outputs, weights)
    };
    let expected = on_threads(1, run);
    assert!(expected.0[2] < expected.0[0], "it learns: {:?}", expected.0);
    for threads in [2, 3, 5] {
        assert!(on_threads(threads, run) == expected, "{threads} threads, {samples} samples");
    }
    assert!(run() == expected, "outside of a pool, {samples} samples");
}

#[test]
fn large_layers_share_each_product() {
    for samples in [121, 160] {
        check::<Wide, 100, 10>(samples);
    }
}

/// Products over a long common dimension are in halves: two threads do one each, more share the samples, or those of one sample.
#[test]
fn long_layers_share_their_halves() {
    for samples in [1, 2, 33, 100] {
        check::<Long, 701, 10>(samples);
    }
}

#[test]
fn large_batches_share_the_samples() {
    check::<Small, 4, 3>(2_000);
    check::<Wide, 100, 10>(900);
    // Long enough for `forward_batch` too.
    check::<Wide, 100, 10>(2_000);
}

/// A step inside a pool whose threads are all at work ends, and gives the same.
#[test]
fn steps_side_by_side() {
    let (inputs, targets) = (random::<100>(150), random::<10>(150));
    let step = |_| {
        let mut net = Wide::random(&mut StdRng::seed_from_u64(1));
        net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
        net.as_slice().to_vec()
    };
    let results: Vec<_> = on_threads(4, || {
        use rayon::prelude::*;
        (0..8).into_par_iter().map(step).collect()
    });
    assert!(results.iter().all(|result| *result == results[0]));
}

/// Makes passes when its thread ends: after the values that were made later, and what the library keeps for a thread is one of these.
struct Late<F: FnMut()>(F);

impl<F: FnMut()> Drop for Late<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_pass_in_the_destructor_of_a_thread_local_value_is_one_like_others() {
    type Passes = Late<Box<dyn FnMut()>>;

    thread_local! {
        static LATE: RefCell<Option<Passes>> = const { RefCell::new(None) };
    }

    fn passes() -> Vec<u32> {
        let (inputs, targets) = (random::<100>(160), random::<10>(160));
        let mut net = Wide::random(&mut StdRng::seed_from_u64(1));
        let mut outputs = vec![SVector::zeros(); inputs.len()];
        net.forward_batch(&inputs, &mut outputs);
        let (loss, gradient) = net.gradient(&inputs, &targets, &MeanSquaredError);
        net.train_step(&inputs, &targets, &MeanSquaredError, &mut Adam::new(1e-3));
        let outputs = outputs.iter().flat_map(|output| output.iter());
        let numbers = outputs.chain([&loss]).chain(gradient.as_slice()).chain(net.as_slice());
        numbers.map(|number| number.to_bits()).collect()
    }

    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        LATE.set(Some(Late(Box::new(move || sender.send(passes()).unwrap()))));
        passes()
    });
    let expected = passes();
    assert!(thread.join().unwrap() == expected);
    assert!(receiver.recv().unwrap() == expected);
}
