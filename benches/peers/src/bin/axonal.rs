//! The workloads in axonal.

use std::hint::black_box;

use std::time::Instant;

use axonal::layers::{Conv, Dense, Kind, ParameterPath, Part};
use axonal::prelude::*;
use axonal::simd::{InstructionSet, dispatch};
use axonal::{Differentiable, Layer, Sample, Trainable};
use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};

/// The example, whose training is a workload.
#[path = "../../../../examples/pendulum.rs"]
#[allow(dead_code, reason = "its main")]
mod pendulum;

#[path = "../../../shared/peak.rs"]
mod peak;

#[path = "../../networks.rs"]
mod networks;

network! {
    /// Training, and inference.
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;

    /// A policy of reinforcement learning.
    pub struct Policy<input 8 => dense 64 tanh => dense 64 tanh => dense 2>;

    /// Its weights do not fit into the L2 cache.
    pub struct Wide<input 784 => dense 512 relu => dense 512 relu => dense 10>;

    /// The network of burn's issue 4811.
    pub struct Tiny<input 6 => dense 64 relu => dense 8 relu => dense 4>;

    /// A model of a state of 24 numbers.
    pub struct Dynamics<input 24 => dense 64 tanh => dense 64 tanh => dense 24>;

    /// SimpleChains.jl's first workload.
    pub struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 4>;

    /// SimpleChains.jl's second workload.
    pub struct Chain<input 24 => dense 8 tanh => dense 2>;

    /// LeNet-5, with rectified linear units and the largest of 2x2 pixels.
    pub struct LeNet<input 28x28
        => conv 6 5x5 relu => maxpool 2x2
        => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 relu => dense 10>;

    /// RTNeural's workload, in five sizes.
    pub struct Dense4<input 4 => dense 4>;
    pub struct Dense8<input 8 => dense 8>;
    pub struct Dense16<input 16 => dense 16>;
    pub struct Dense32<input 32 => dense 32>;
    pub struct Dense64<input 64 => dense 64>;
}

fn set<T: axonal::Scalar, const IN: usize, const OUT: usize, A: axonal::activations::Activation>(
    layer: &mut Dense<T, IN, OUT, A>,
    number: u32,
) {
    for (i, weight) in data::weights(number, OUT, IN).into_iter().enumerate() {
        layer.weight[(i / IN, i % IN)] = T::of(weight);
    }
    layer.bias.copy_from_slice(&data::bias(number, OUT).into_iter().map(T::of).collect::<Vec<_>>());
}

fn set_conv<const OUT: usize, const PATCH: usize, I, O, G, A>(
    layer: &mut Conv<f32, OUT, PATCH, I, O, G, A>,
    number: u32,
) {
    for (i, weight) in f32s(data::weights(number, OUT, PATCH)).into_iter().enumerate() {
        layer.weight[(i / PATCH, i % PATCH)] = weight;
    }
    layer.bias.copy_from_slice(&f32s(data::bias(number, OUT)));
}

fn lenet() -> Box<LeNet> {
    let mut net = LeNet::zeros();
    set_conv(&mut net.conv1, 1);
    set_conv(&mut net.conv2, 2);
    set(&mut net.dense1, 3);
    set(&mut net.dense2, 4);
    set(&mut net.dense3, 5);
    net
}

fn digits() -> Box<Digits> {
    let mut net = Digits::zeros();
    set(&mut net.dense1, 1);
    set(&mut net.dense2, 2);
    net
}

fn samples<const N: usize>(values: &[f32]) -> Vec<SVector<f32, N>> {
    values.chunks_exact(N).map(SVector::from_column_slice).collect()
}

fn images(count: usize) -> Vec<Image<1, 28, 28>> {
    let values = f32s(data::inputs(count, 784));
    values.chunks_exact(784).map(|pixels| Image::from_slice(pixels).expect("an image")).collect()
}

fn training<N, O: Optimizer<f32>>(
    bench: &Bench,
    name: &str,
    batches: &[usize],
    net: impl Fn() -> Box<N>,
    samples: impl Fn(usize) -> Vec<N::Input>,
    optimizer: impl Fn() -> O,
) where
    N: Network<Scalar = f32, Output = SVector<f32, 10>> + Trainable<CrossEntropy, Class<10>>,
{
    for &batch in batches {
        let inputs = samples(batch);
        let targets: Vec<Vec<Class<10>>> = (0..data::CLASS_SETS)
            .map(|set| {
                let classes = data::classes(batch, set).into_iter();
                classes.map(|class| Class::new(class).expect("a digit")).collect()
            })
            .collect();
        let (mut net, mut optimizer) = (net(), optimizer());
        bench.training(
            &format!("{name}/{batch}"),
            |step| {
                let targets = &targets[step % data::CLASS_SETS];
                net.train_step(black_box(&inputs), targets, &CrossEntropy, &mut optimizer)
            },
            f64::from,
        );
    }
}

fn inference<N, const IN: usize, const OUT: usize>(bench: &Bench, name: &str, net: &N)
where
    N: Network<Scalar = f32, Input = SVector<f32, IN>, Output = SVector<f32, OUT>>,
{
    inference_of(bench, name, net, &samples::<IN>(&f32s(data::inputs(64, IN))));
}

fn inference_of<N, const OUT: usize>(bench: &Bench, name: &str, net: &N, inputs: &[N::Input])
where
    N: Network<Scalar = f32, Output = SVector<f32, OUT>>,
{
    let check = sum_of_sizes(net.forward(&inputs[0]).iter().copied());
    if bench.threads() > 1 && N::PARAMETERS > 128 * 1024 {
        bench.measure(&format!("inference/{name}/1"), check, || {
            black_box(net).forward_parallel(black_box(&inputs[0]))
        });
    } else {
        bench.measure(&format!("inference/{name}/1"), check, || {
            black_box(net).forward(black_box(&inputs[0]))
        });
    }
    let mut outputs = vec![SVector::zeros(); 64];
    net.forward_batch(inputs, &mut outputs);
    let check = sum_of_sizes(outputs.iter().flatten().copied());
    bench.measure(&format!("inference/{name}/64"), check, || {
        black_box(net).forward_batch(black_box(inputs), &mut outputs);
        black_box(&mut outputs);
    });
}

/// One of the networks of `networks.rs`: each layer that has parameters has the next number.
fn described<N: Network<Scalar = f32>>() -> Box<N> {
    let mut net = N::zeros();
    let (mut number, mut start) = (0, 0);
    let numbers = net.as_mut_slice();
    N::describe(&ParameterPath::ROOT, &mut |path, part| {
        let Part::Tensor { kind, shape, .. } = part else { return };
        let (outputs, inputs) = (shape[0], shape[1..].iter().product());
        let values = match kind {
            Kind::Weight => {
                number += 1;
                if shape.len() == 1 {
                    data::factors(number, outputs)
                } else {
                    data::he_weights(number, outputs, inputs)
                }
            }
            Kind::Statistic if path.to_string().ends_with("mean") => {
                data::running_means(number, outputs)
            }
            Kind::Statistic => data::running_variances(number, outputs),
            _ => data::bias(number, outputs),
        };
        // A matrix is in memory column after column.
        for (i, value) in f32s(values).into_iter().enumerate() {
            numbers[start + i / inputs + i % inputs * outputs] = value;
        }
        start += outputs * inputs;
    });
    net
}

fn samples_of<X: Sample<Scalar = f32>>(values: Vec<f64>) -> Vec<X> {
    let mut samples = X::zeros_vec(values.len() / X::LEN);
    for (to, from) in samples.iter_mut().zip(f32s(values).chunks_exact(X::LEN)) {
        to.as_mut_slice().copy_from_slice(from);
    }
    samples
}

/// Multiply-adds that the machine does in a microsecond, at its best.
fn peak() -> f64 {
    let mut best = f64::INFINITY;
    let mut operations = 0;
    for _ in 0..100 {
        let start = Instant::now();
        operations = dispatch(peak::Peak { factor: black_box(0.5) });
        best = best.min(start.elapsed().as_secs_f64());
    }
    operations as f64 / 2.0 / best / 1e6
}

/// Multiply-adds of a layer. A network's first one has no use for the gradient of its inputs.
fn multiply_adds<L: Layer>(_: &L) -> usize {
    L::MULTIPLY_ADDS
}

/// Outputs of one sample and of 64, and a training step; beside each how long its multiply-adds take at the peak.
fn described_network<N, L, Y>(
    bench: &Bench,
    name: &str,
    loss: &L,
    sets: &[Vec<Y>],
    first: impl Fn(&N) -> usize,
) where
    N: Network<Scalar = f32> + Trainable<L, Y>,
{
    if !bench.wants(&format!("networks/{name}")) {
        return;
    }
    let floor = |workload: &str, multiply_adds: usize| {
        if bench.threads() == 1 {
            bench.floor(workload, multiply_adds as f64 / peak());
        }
    };
    let sizes = |outputs: &[N::Output]| {
        sum_of_sizes(outputs.iter().flat_map(|output| output.as_slice()).copied())
    };
    let mut net = described::<N>();
    let inputs: Vec<N::Input> = samples_of(data::inputs(64, N::Input::LEN));
    let mut outputs = N::Output::zeros_vec(64);

    let workload = format!("networks/{name}/1");
    floor(&workload, N::MULTIPLY_ADDS);
    net.forward_into(&inputs[0], &mut outputs[0]);
    bench.measure(&workload, sizes(&outputs[..1]), || {
        black_box(&*net).forward_parallel_into(black_box(&inputs[0]), &mut outputs[0]);
        black_box(&mut outputs);
    });

    let workload = format!("networks/{name}/64");
    floor(&workload, 64 * N::MULTIPLY_ADDS);
    net.forward_batch(&inputs, &mut outputs);
    bench.measure(&workload, sizes(&outputs), || {
        black_box(&*net).forward_batch(black_box(&inputs), &mut outputs);
        black_box(&mut outputs);
    });

    let workload = format!("networks/{name}/step of {}", data::NETWORKS_BATCH);
    floor(&workload, data::NETWORKS_BATCH * (3 * N::MULTIPLY_ADDS - first(&net)));
    let inputs = &inputs[..data::NETWORKS_BATCH];
    let mut optimizer = Adam::new(data::networks_rate(name));
    bench.training(
        &workload,
        |step| net.train_step(black_box(inputs), &sets[step % sets.len()], loss, &mut optimizer),
        f64::from,
    );
}

fn described_networks(bench: &Bench) {
    fn sets<const N: usize>() -> Vec<Vec<Class<N>>> {
        let class = |class: usize| Class::new(class % N).expect("a class");
        let set = |set| data::classes(data::NETWORKS_BATCH, set).into_iter().map(class).collect();
        (0..data::CLASS_SETS).map(set).collect()
    }
    macro_rules! classifiers {
        ($($name:literal $network:ident $classes:literal $first:ident)+) => {$(
            let first = |net: &networks::$network| multiply_adds(&net.$first);
            described_network(bench, $name, &CrossEntropy, &sets::<$classes>(), first);
        )+};
    }
    classifiers! {
        "DS-CNN" DsCnn 12 conv1
        "MobileNet" MobileNet 2 conv1
        "ResNet-8" ResNet 10 conv1
        "VGG" Vgg 10 conv1
        "1024-2048-2048-1000" Dense 1000 dense1
    }
    let targets = [samples_of::<Image<1, 64, 64>>(data::targets(data::NETWORKS_BATCH, 64 * 64))];
    let first = |net: &networks::UNet| multiply_adds(&net.conv1);
    described_network(bench, "U-Net", &MeanSquaredError, &targets, first);
}

/// From gradients of the outputs to those of the parameters, and of the inputs too; beside it the gradient of a loss, which is a training step
/// without its update.
fn backward<N>(bench: &Bench, name: &str, net: &N, inputs: &[N::Input])
where
    N: Network<Scalar = f32, Output = SVector<f32, 10>> + Trainable<CrossEntropy, Class<10>>,
{
    let samples = inputs.len();
    let output_gradients = self::samples::<10>(&f32s(data::targets(samples, 10)));
    let (mut gradient, mut input_gradients) = (N::zeros(), N::Input::zeros_vec(samples));
    let sizes = |net: &N| sum_of_sizes(net.as_slice().iter().copied());

    net.backward(inputs, &output_gradients, &mut gradient, None);
    bench.measure(&format!("gradients/backward/{name}/{samples}"), sizes(&gradient), || {
        net.backward(black_box(inputs), &output_gradients, &mut gradient, None);
    });
    net.backward(inputs, &output_gradients, &mut gradient, Some(&mut input_gradients));
    let of_inputs = input_gradients.iter().flat_map(|x| x.as_slice()).copied();
    let check = sizes(&gradient) + sum_of_sizes(of_inputs);
    bench.measure(&format!("gradients/backward to inputs too/{name}/{samples}"), check, || {
        let to_inputs = Some(&mut input_gradients[..]);
        net.backward(black_box(inputs), &output_gradients, &mut gradient, to_inputs);
    });
    let classes = data::classes(samples, 0).into_iter();
    let targets: Vec<Class<10>> =
        classes.map(|class| Class::new(class).expect("a digit")).collect();
    net.gradient_into(inputs, &targets, &CrossEntropy, &mut gradient);
    bench.measure(
        &format!("gradients/loss and gradient/{name}/{samples}"),
        sizes(&gradient),
        || net.gradient_into(black_box(inputs), &targets, &CrossEntropy, &mut gradient),
    );
}

fn jacobian<N, const IN: usize, const OUT: usize>(bench: &Bench, name: &str, net: &N)
where
    N: Network<Scalar = f32, Input = SVector<f32, IN>, Output = SVector<f32, OUT>>,
    N: Differentiable,
{
    let input = samples::<IN>(&f32s(data::inputs(1, IN)))[0];
    let mut jacobian: SMatrix<f32, OUT, IN> = net.jacobian(&input);
    let check = sum_of_sizes(jacobian.iter().copied());
    bench.measure(&format!("gradients/jacobian/{name}"), check, || {
        net.jacobian_into(black_box(&input), &mut jacobian);
        black_box(&mut jacobian);
    });
}

/// One sample a call, each call fed by the last one's output.
fn chain<N, const SIZE: usize>(bench: &Bench, net: &N)
where
    N: Network<Scalar = f32, Input = SVector<f32, SIZE>, Output = SVector<f32, SIZE>>,
{
    let mut last = samples::<SIZE>(&f32s(data::inputs(1, SIZE)))[0];
    for _ in 0..data::CHECKED_STEPS {
        last = net.forward(&last);
    }
    let check = sum_of_sizes(last.iter().copied());
    bench.measure(&format!("chain/dense {SIZE}"), check, || {
        last = black_box(net).forward(black_box(&last));
    });
}

fn main() {
    let bench = Bench::new("axonal", "axonal", InstructionSet::current().to_string());

    let batches = [1, 32, 128];
    let rows = |count| samples::<784>(&f32s(data::inputs(count, 784)));
    training(&bench, "training/sgd", &batches, digits, rows, || Sgd::new(data::SGD_RATE));
    training(&bench, "training/adam", &batches, digits, rows, || Adam::new(data::ADAM_RATE));
    let adam = || Adam::new(data::LENET_RATE);
    training(&bench, "lenet/adam", &[32, 128], lenet, images, adam);

    inference(&bench, "784-128-10", &*digits());
    let mut policy = Policy::<f32>::zeros();
    set(&mut policy.dense1, 1);
    set(&mut policy.dense2, 2);
    set(&mut policy.dense3, 3);
    inference(&bench, "8-64-64-2", &*policy);
    let mut wide = Wide::<f32>::zeros();
    set(&mut wide.dense1, 1);
    set(&mut wide.dense2, 2);
    set(&mut wide.dense3, 3);
    inference(&bench, "784-512-512-10", &*wide);
    let mut tiny = Tiny::<f32>::zeros();
    set(&mut tiny.dense1, 1);
    set(&mut tiny.dense2, 2);
    set(&mut tiny.dense3, 3);
    inference(&bench, "6-64-8-4", &*tiny);
    inference_of(&bench, "LeNet-5", &*lenet(), &images(64));

    backward(&bench, "784-128-10", &*digits(), &rows(32));
    backward(&bench, "LeNet-5", &*lenet(), &images(32));
    jacobian(&bench, "8-64-64-2", &*policy);
    let mut dynamics = Dynamics::<f32>::zeros();
    set(&mut dynamics.dense1, 1);
    set(&mut dynamics.dense2, 2);
    set(&mut dynamics.dense3, 3);
    jacobian(&bench, "24-64-64-24", &*dynamics);

    macro_rules! chains {
        ($($network:ident)+) => {$(
            let mut net = $network::<f32>::zeros();
            set(&mut net.dense1, 1);
            chain(&bench, &*net);
        )+};
    }
    chains!(Dense4 Dense8 Dense16 Dense32 Dense64);

    let mut small = Small::<f32>::zeros();
    set(&mut small.dense1, 1);
    set(&mut small.dense2, 2);
    set(&mut small.dense3, 3);
    let inputs = samples::<4>(&f32s(data::inputs(10_000, 4)));
    let targets = samples::<4>(&f32s(data::targets(10_000, 4)));
    let mut optimizer = Adam::new(data::ADAM_RATE);
    bench.training(
        "small/4-32-16-4",
        |_| small.train_step(black_box(&inputs), &targets, &MeanSquaredError, &mut optimizer),
        f64::from,
    );

    let mut chain = Chain::<f64>::zeros();
    set(&mut chain.dense1, 1);
    set(&mut chain.dense2, 2);
    let inputs: Vec<SVector<f64, 24>> =
        data::inputs(200, 24).chunks_exact(24).map(SVector::from_column_slice).collect();
    let targets: Vec<SVector<f64, 2>> =
        data::targets(200, 2).chunks_exact(2).map(SVector::from_column_slice).collect();
    let mut gradient = Chain::<f64>::zeros();
    chain.gradient_into(&inputs, &targets, &MeanSquaredError, &mut gradient);
    let check = gradient.as_slice().iter().map(|slope| slope.abs()).sum();
    bench.measure("small/24-8-2 f64", check, || {
        chain.gradient_into(black_box(&inputs), &targets, &MeanSquaredError, &mut gradient)
    });

    described_networks(&bench);

    // Without a check: other generators of random numbers give other agents.
    bench.measure("pendulum/TD3", 0.0, || {
        let mut rng = StdRng::seed_from_u64(7);
        pendulum::train(&mut pendulum::Agent::random(&mut rng), &mut rng)
    });
}
