//! The workloads in axonal.

use std::hint::black_box;

use axonal::kernels::InstructionSet;
use axonal::layers::Dense;
use axonal::prelude::*;
use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};

network! {
    /// Training, and inference.
    pub struct Digits<input 784 => dense 128 sigmoid => dense 10>;

    /// A policy of reinforcement learning.
    pub struct Policy<input 8 => dense 64 tanh => dense 64 tanh => dense 2>;

    /// Its weights do not fit into the L2 cache.
    pub struct Wide<input 784 => dense 512 relu => dense 512 relu => dense 10>;

    /// The network of burn's issue 4811.
    pub struct Tiny<input 6 => dense 64 relu => dense 8 relu => dense 4>;

    /// SimpleChains.jl's first workload.
    pub struct Small<input 4 => dense 32 tanh => dense 16 tanh => dense 4>;

    /// SimpleChains.jl's second workload.
    pub struct Chain<input 24 => dense 8 tanh => dense 2>;
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

fn digits() -> Box<Digits> {
    let mut net = Digits::zeros();
    set(&mut net.dense1, 1);
    set(&mut net.dense2, 2);
    net
}

fn samples<const N: usize>(values: &[f32]) -> Vec<SVector<f32, N>> {
    values.chunks_exact(N).map(SVector::from_column_slice).collect()
}

fn training<O: Optimizer<f32>>(bench: &Bench, name: &str, optimizer: impl Fn() -> O) {
    for batch in [1, 32, 128] {
        let inputs = samples::<784>(&f32s(data::inputs(batch, 784)));
        let targets: Vec<Vec<Class<10>>> = (0..data::CLASS_SETS)
            .map(|set| {
                let classes = data::classes(batch, set).into_iter();
                classes.map(|class| Class::new(class).expect("a digit")).collect()
            })
            .collect();
        let (mut net, mut optimizer) = (digits(), optimizer());
        bench.training(
            &format!("training/{name}/{batch}"),
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
    let inputs = samples::<IN>(&f32s(data::inputs(64, IN)));
    let check = sum_of_sizes(net.forward(&inputs[0]).iter().copied());
    bench.measure(&format!("inference/{name}/1"), check, || {
        black_box(net).forward(black_box(&inputs[0]))
    });
    let mut outputs = vec![SVector::zeros(); 64];
    net.forward_batch(&inputs, &mut outputs);
    let check = sum_of_sizes(outputs.iter().flatten().copied());
    bench.measure(&format!("inference/{name}/64"), check, || {
        black_box(net).forward_batch(black_box(&inputs), &mut outputs);
        black_box(&mut outputs);
    });
}

fn main() {
    let bench = Bench::new("axonal", "axonal", InstructionSet::current().to_string());

    training(&bench, "sgd", || Sgd::new(data::SGD_RATE));
    training(&bench, "adam", || Adam::new(data::ADAM_RATE));

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
    let gradient = || chain.gradient(black_box(&inputs), &targets, &MeanSquaredError);
    let check = gradient().1.as_slice().iter().map(|slope| slope.abs()).sum();
    bench.measure("small/24-8-2 f64", check, gradient);
}
