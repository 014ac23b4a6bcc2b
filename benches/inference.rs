//! One sample and 64 samples through four networks, beside the same networks by hand in nalgebra's `DMatrix`.

use std::hint::black_box;

use axonal::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};
use dynamic::Activation::{self, Identity, Relu, Sigmoid, Tanh};
use nalgebra::DMatrix;

#[path = "shared/data.rs"]
mod data;
#[path = "shared/dynamic.rs"]
mod dynamic;

network! {
    struct Digits<input 784 => dense 128 sigmoid => dense 10>;
    struct Policy<input 8 => dense 64 tanh => dense 64 tanh => dense 2>;
    struct Wide<input 784 => dense 512 relu => dense 512 relu => dense 10>;
    struct Tiny<input 6 => dense 64 relu => dense 8 relu => dense 4>;
}

fn compare<N, const IN: usize, const OUT: usize>(
    criterion: &mut Criterion,
    widths: &[usize],
    activations: &[Activation],
) where
    N: Network<Scalar = f32, Input = SVector<f32, IN>, Output = SVector<f32, OUT>>,
{
    let name: Vec<_> = widths.iter().map(usize::to_string).collect();
    let net = N::random(&mut StdRng::seed_from_u64(1));
    for samples in [1, 64] {
        let mut group = criterion.benchmark_group(format!("{}/{samples}", name.join("-")));
        let values = data::f32s(data::inputs(samples, IN));
        let inputs: Vec<SVector<f32, IN>> =
            values.chunks_exact(IN).map(SVector::from_column_slice).collect();
        if let [input] = &inputs[..] {
            group
                .bench_function("axonal", |bencher| bencher.iter(|| net.forward(black_box(input))));
        } else {
            let mut outputs = vec![SVector::zeros(); samples];
            group.bench_function("axonal", |bencher| {
                bencher.iter(|| net.forward_batch(black_box(&inputs), black_box(&mut outputs)));
            });
        }
        let mut by_hand =
            dynamic::Network::<f32>::new(widths, activations, samples, data::weights, data::bias);
        let inputs = DMatrix::from_vec(IN, samples, values);
        group.bench_function("DMatrix", |bencher| {
            bencher.iter(|| {
                black_box(by_hand.forward(black_box(&inputs)));
            });
        });
        group.finish();
    }
}

fn inference(criterion: &mut Criterion) {
    compare::<Digits, 784, 10>(criterion, &[784, 128, 10], &[Sigmoid, Identity]);
    compare::<Policy, 8, 2>(criterion, &[8, 64, 64, 2], &[Tanh, Tanh, Identity]);
    compare::<Wide, 784, 10>(criterion, &[784, 512, 512, 10], &[Relu, Relu, Identity]);
    compare::<Tiny, 6, 4>(criterion, &[6, 64, 8, 4], &[Relu, Relu, Identity]);
}

criterion_group!(benches, inference);
criterion_main!(benches);
