//! Results do not depend on the number of threads, to the bit. A process of its own: the number of threads is one for all of it.
#![cfg(feature = "threads")]

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError, mpsc};

use axonal::Parameters;
use axonal::layers::Context;
use axonal::prelude::*;
use rand::RngExt;

network! {
    struct Wide<input 100 => dense 64 tanh => dense 36 gelu => dense 10>;
    struct Long<input 701 => dense 65 gelu => dense 10>;
    struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 3>;
}

network! {
    /// A layer that looks across the batch among others of every kind, alone and in blocks.
    struct Normed<input 3x12x12
        => conv 8 3x3 pad same => batchnorm relu => dropout 0.2
        => residual { conv 8 3x3 pad same groups 8 => batchnorm gelu => conv 16 1x1 => dropout 0.1 } project { conv 16 1x1 => batchnorm }
        => concat { conv 8 3x3 pad same tanh } { batchnorm => prelu }
        => residual { conv 24 1x1 => layernorm softplus }
        => maxpool 2x2 => conv_transpose 6 2x2 stride 2 silu => upsample 2 => avgpool 2x2
        => flatten => dense 40 => batchnorm => inner: Inner => dense 10>;

    struct Inner<input 40 => dense 30 selu => residual { dense 30 elu(1.0) => dropout 0.1 }>;

    /// Vectors alone.
    struct NormedVectors<input 100 => dense 90 => batchnorm relu => dense 47 => batchnorm => gelu => inner: Small2 => dense 10>;

    struct Small2<input 47 => batchnorm => dense 33 tanh>;
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

/// Several inputs and heads, with a layer or a loss that looks across the batch, and without.
#[test]
fn heads_share_the_samples() {
    network! {
        struct Heads<
            input image: 2x6x6, numbers: 30
            => joined: concat image { conv 8 3x3 relu => flatten } numbers { dense 40 tanh } => dense 64 tanh
            => heads label { dense 10 } value { from joined => dense 30 gelu => dense 2 } near { dense 10 }
        >;
        struct NormedHeads<
            input image: 2x6x6, numbers: 30
            => joined: concat image { conv 8 3x3 => batchnorm relu => flatten } numbers { dense 40 tanh } => dense 64 tanh
            => heads label { batchnorm => dense 10 } value { from joined => dense 30 gelu => dense 2 } near { dense 10 }
        >;
    }
    let _guard = SET.lock().unwrap_or_else(PoisonError::into_inner);
    let mut rng = StdRng::seed_from_u64(5);
    let samples = 300;
    macro_rules! same_bits {
        ($net:ident, $inputs:ident, $heads:ident, $near:expr) => {
            let inputs: Vec<_> = (0..samples)
                .map(|_| $inputs {
                    image: Image::from([[[rng.random_range(-1.0..1.0); 6]; 6]; 2]),
                    numbers: SVector::from_fn(|_, _| rng.random_range(-1.0..1.0)),
                })
                .collect();
            let targets: Vec<_> = (0..samples)
                .map(|index| {
                    let label = Class::<10>::new(index * 7 % 10).unwrap();
                    $heads { label, value: SVector::from([0.5, index as f32 / 1e3]), near: label }
                })
                .collect();
            let loss = $heads { label: CrossEntropy, value: Huber, near: $near };
            for samples in [1, 2, 33, samples] {
                let (inputs, targets) = (&inputs[..samples], &targets[..samples]);
                let run = || {
                    let mut net = $net::random(&mut StdRng::seed_from_u64(1));
                    let mut adam = Adam::new(1e-3);
                    let losses =
                        [(); 2].map(|()| net.train_step(inputs, targets, &loss, &mut adam));
                    let gradient = net.gradient(inputs, targets, &loss);
                    let mut outputs: Vec<_> =
                        inputs.iter().map(|x| net.forward_parallel(x)).collect();
                    let one_by_one = outputs.clone();
                    net.forward_batch(inputs, &mut outputs);
                    (losses, gradient, one_by_one, outputs, net)
                };
                let expected = on_threads(1, run);
                for threads in [2, 3, 5] {
                    assert!(
                        on_threads(threads, run) == expected,
                        "{threads} threads, {samples} samples"
                    );
                }
            }
        };
    }
    same_bits!(Heads, HeadsInputs, HeadsHeads, CrossEntropy);
    same_bits!(Heads, HeadsInputs, HeadsHeads, Triplet::new(1.0));
    same_bits!(NormedHeads, NormedHeadsInputs, NormedHeadsHeads, Contrastive::new(1.0));
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

fn images(samples: usize) -> Vec<Image<3, 12, 12>> {
    let mut rng = StdRng::seed_from_u64(6);
    let mut images = Image::zeros_vec(samples);
    for image in &mut images {
        image.as_mut_slice().fill_with(|| rng.random_range(-1.0..1.0));
    }
    images
}

/// A layer that looks across the batch does not keep threads from the others: steps, gradients, gradients of the inputs and outputs of training. A step is one along
/// the gradient that a loop of one's own computes.
macro_rules! check_whole_batch {
    ($net:ty, $inputs:expr, $samples:expr) => {{
        let _guard = SET.lock().unwrap_or_else(PoisonError::into_inner);
        let (inputs, targets) = ($inputs, random::<10>($samples));
        let run = || {
            let mut net = <$net>::random(&mut StdRng::seed_from_u64(1));
            let mut own = net.clone();
            let (mut optimizer, mut of_own) = (Adam::new(1e-3), Adam::new(1e-3));
            let mut gradient = <$net>::zeros();
            let losses: Vec<f32> = (0..3)
                .map(|_| {
                    let context = of_own.context();
                    own.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut gradient);
                    of_own.apply(&mut *own, &gradient);
                    net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer)
                })
                .collect();
            assert!(own.as_slice() == net.as_slice(), "a loop of one's own");
            let context = Context::training(3);
            let mut outputs = targets.clone();
            net.forward_with(context, &inputs, &mut outputs);
            let mut of_inputs = inputs.clone();
            net.backward_with(context, &inputs, &targets, None, Some(&mut of_inputs));
            (losses, gradient.as_slice().to_vec(), outputs, of_inputs, net.as_slice().to_vec())
        };
        let expected = on_threads(1, run);
        assert!(expected.0.iter().all(|loss| loss.is_finite()), "{:?}", expected.0);
        for threads in [2, 3, 8] {
            assert!(
                on_threads(threads, run) == expected,
                "{threads} threads, {} samples",
                $samples
            );
        }
    }};
}

#[test]
fn a_batch_that_is_normalized_is_shared_layer_by_layer() {
    for samples in [1, 9, 40] {
        check_whole_batch!(Normed, images(samples), samples);
    }
    for samples in [2, 31, 300] {
        check_whole_batch!(NormedVectors, random::<100>(samples), samples);
    }
}

/// The gradients of the parts of a batch are that of the loss: along a direction, the loss grows by its product with the gradient.
#[test]
fn the_gradients_of_parts_add_up() {
    let mut rng = StdRng::seed_from_u64(7);
    let net = Normed::<f64>::random(&mut rng);
    let mut inputs = Image::<3, 12, 12, f64>::zeros_vec(70);
    for input in &mut inputs {
        input.as_mut_slice().fill_with(|| rng.random_range(-1.0..1.0));
    }
    let targets: Vec<SVector<f64, 10>> =
        (0..70).map(|_| SVector::from_fn(|_, _| rng.random_range(-1.0..1.0))).collect();
    let context = Context::training(5).without_statistics();
    let loss = |net: &Normed<f64>, gradient: &mut Normed<f64>| {
        net.gradient_with(context, &inputs, &targets, &MeanSquaredError, gradient)
    };
    let (mut gradient, mut other) = (Normed::<f64>::zeros(), Normed::<f64>::zeros());
    loss(&net, &mut gradient);
    let mut direction = Normed::<f64>::zeros();
    direction.as_mut_slice().fill_with(|| rng.random_range(-1.0..1.0));
    let distance = 1e-6;
    let mut moved = net.clone();
    moved.add_scaled(distance, &direction);
    let ahead = loss(&moved, &mut other);
    moved.add_scaled(-2.0 * distance, &direction);
    let behind = loss(&moved, &mut other);
    let (slope, expected) = ((ahead - behind) / (2.0 * distance), gradient.dot(&direction));
    assert!((slope - expected).abs() < 1e-4 * expected.abs().max(1.0), "{slope} and {expected}");
}

network! {
    /// Large layers of vectors: of whole vectors of outputs and of some more, with more inputs than are summed up at a time, few outputs.
    struct LargeLayers<input 700
        => dense 519 relu => dense 1030 no_bias tanh => dense 4200 => batchnorm relu => dense 300 => dense 10>;

    /// Convolutions for each kernel, blocks, pools, and a large layer behind them.
    struct LargeImages<input 3x24x20
        => conv 32 3x3 stride 2 pad 1 floor => batchnorm relu
        => conv 32 3x3 depthwise pad same => batchnorm relu => conv 64 1x1 => batchnorm relu6
        => residual { conv 64 3x3 pad same => batchnorm relu => conv 64 3x3 pad same => batchnorm } relu
        => concat { conv 48 5x5 pad same } { conv 8 3x3 pad same tanh }
        => residual { conv 100 3x3 stride 2 pad 1 floor gelu => conv 100 3x3 pad same groups 4 } project { conv 100 1x1 stride 2 }
        => maxpool 2x2 floor => flatten => dense 300 relu => dense 10>;
}

/// One sample, and few samples, on several threads: the bits of one thread.
macro_rules! check_inference {
    ($net:ident, $scalar:ty, $inputs:expr) => {{
        let _guard = SET.lock().unwrap_or_else(PoisonError::into_inner);
        let inputs = $inputs;
        let net = $net::<$scalar>::random(&mut StdRng::seed_from_u64(1));
        let forward = || inputs.iter().map(|input| net.forward(input)).collect::<Vec<_>>();
        let expected = on_threads(1, forward);
        let batch = |samples: usize| {
            let mut outputs = vec![SVector::zeros(); samples];
            net.forward_batch(&inputs[..samples], &mut outputs);
            outputs
        };
        for threads in [2, 3, 16] {
            let parallel = on_threads(threads, || {
                let mut outputs = vec![SVector::zeros(); 2];
                net.forward_parallel_into(&inputs[1], &mut outputs[1]);
                outputs[0] = net.forward_parallel(&inputs[0]);
                outputs
            });
            assert!(parallel == expected[..2], "{threads} threads");
            for samples in [0, 1, 3, 9] {
                let (one, several) =
                    (on_threads(1, || batch(samples)), on_threads(threads, || batch(samples)));
                assert!(one == several, "{samples} samples, {threads} threads");
            }
        }
    }};
}

#[test]
fn large_layers_are_shared_by_outputs() {
    check_inference!(LargeLayers, f32, random::<700>(9));
    let inputs: Vec<_> = random::<700>(9).iter().map(|input| input.cast::<f64>()).collect();
    check_inference!(LargeLayers, f64, inputs);
}

#[test]
fn large_images_are_shared_within_layers() {
    let mut rng = StdRng::seed_from_u64(6);
    let mut inputs = Image::<3, 24, 20>::zeros_vec(9);
    let mut wide = Image::<3, 24, 20, f64>::zeros_vec(9);
    for (input, wide) in inputs.iter_mut().zip(&mut wide) {
        for (number, wide) in input.as_mut_slice().iter_mut().zip(wide.as_mut_slice()) {
            *number = rng.random_range(-1.0..1.0);
            *wide = f64::from(*number);
        }
    }
    check_inference!(LargeImages, f32, &inputs);
    check_inference!(LargeImages, f64, &wide);
}
