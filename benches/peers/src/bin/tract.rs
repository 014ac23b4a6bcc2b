//! Inference in tract, from the ONNX files that `peers.py --onnx` writes: `--models FOLDER` says where they are.

use std::env;
use std::hint::black_box;
use std::path::PathBuf;

use axonal_peers::data::{self, f32s};
use axonal_peers::described;
use axonal_peers::{Bench, sum_of_sizes};
use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let bench = Bench::new("tract", "tract-onnx", "optimized, mimalloc");
    let folder = env::args().skip_while(|argument| argument != "--models").nth(1);
    let folder = PathBuf::from(folder.expect("--models FOLDER"));
    let mut networks: Vec<(&str, &str, Vec<usize>)> = vec![
        ("inference", "784-128-10", vec![784]),
        ("inference", "8-64-64-2", vec![8]),
        ("inference", "784-512-512-10", vec![784]),
        ("inference", "6-64-8-4", vec![6]),
        ("inference", "LeNet-5", vec![1, 28, 28]),
    ];
    let described = described::networks().into_iter();
    networks.extend(described.map(|network| ("networks", network.name, network.sample)));
    for (table, name, sample) in &networks {
        for batch in [1, 64] {
            let workload = format!("{table}/{name}/{batch}");
            if !bench.wants(&workload) {
                continue;
            }
            let model = tract_onnx::onnx()
                .model_for_path(folder.join(format!("{name}-{batch}.onnx")))?
                .into_optimized()?
                .into_runnable()?;
            let mut state = model.spawn()?;
            let values = f32s(data::inputs(batch, sample.iter().product()));
            let input: TValue =
                Tensor::from_shape(&[&[batch], &sample[..]].concat(), &values)?.into();
            let outputs = state.run(tvec![input.clone()])?;
            let check = sum_of_sizes(outputs[0].to_plain_array_view::<f32>()?.iter().copied());
            bench.measure(&workload, check, || {
                state.run(tvec![black_box(&input).clone()]).expect("outputs")
            });
        }
    }
    Ok(())
}
