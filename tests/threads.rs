//! Results do not depend on the number of threads, to the bit. A process of its own: the number of threads is one for all of it.
#![cfg(feature = "threads")]

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError, mpsc};

use axonal::Parameters;
use axonal::prelude::*;
use rand::RngExt;

network! {
    struct Wide<input 100 => dense 64 tanh => dense 36 gelu => dense 10>;
    struct Long<input 701 => dense 65 gelu => dense 10>;
    struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 3>;
}

/// The number of threads is one for the whole process.
static SET: Mutex<()> = Mutex::new(());

fn on_threads<R>(threads: usize, work: impl FnOnce() -> R) -> R {
    axonal::set_num_threads(threads);
    work()
}

fn random<const N: usize>(samples: usize) -> Vec<SVector<f32, N>> {
    let mut rng = StdRng::seed_from_u64(5);
    (0..samples).map(|_| SVector::from_fn(|_, _| rng.random_range(-1.0..1.0))).collect()
}

/// Trains and predicts on one thread and on several.
fn check<N, const IN: usize, const OUT: usize>(samples: usize)
where
    N: Network + axonal::Differentiable,
    N: axonal::Layer<Input = SVector<f32, IN>, Output = SVector<f32, OUT>, Scalar = f32>,
    N::Activation: axonal::activations::ActivationGradient,
{
    let _guard = SET.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Steps on several threads of the user's, which want the same helpers, end and give the same.
#[test]
fn steps_side_by_side() {
    let (inputs, targets) = (random::<100>(150), random::<10>(150));
    let step = || {
        let mut net = Wide::random(&mut StdRng::seed_from_u64(1));
        net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
        net.as_slice().to_vec()
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(step)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
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

#[test]
#[should_panic(expected = "a number of threads is 1 or more, found 0")]
fn no_threads_are_a_mistake() {
    axonal::set_num_threads(0);
}

/// In a pool its number counts, and outside the one that was set; that it is asked for starts no pool.
#[cfg(feature = "rayon")]
#[test]
fn a_pool_of_rayon_says_how_many() {
    use rayon::prelude::*;

    let _guard = SET.lock().unwrap_or_else(PoisonError::into_inner);
    axonal::set_num_threads(2);
    assert_eq!(axonal::num_threads(), 2);
    // The global pool can be made only where there is none yet.
    rayon::ThreadPoolBuilder::new().num_threads(4).build_global().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    assert_eq!(pool.install(axonal::num_threads), 3);
    assert_eq!(axonal::num_threads(), 2);
    let (inputs, targets) = (random::<100>(150), random::<10>(150));
    let step = |_| {
        let mut net = Wide::random(&mut StdRng::seed_from_u64(1));
        net.train_step(&inputs, &targets, &MeanSquaredError, &mut Sgd::new(0.1));
        net.as_slice().to_vec()
    };
    let results: Vec<_> = pool.install(|| (0..8).into_par_iter().map(step).collect());
    assert!(results.iter().all(|result| *result == results[0]));
}
