//! 6-64-8-4 as loops over constant arrays, as in burn's issue 4811: what a programmer without a library writes.

#![expect(clippy::needless_range_loop, reason = "the loops that one writes")]

use std::hint::black_box;

use axonal_peers::data::{self, f32s};
use axonal_peers::{Bench, sum_of_sizes};

/// Weights are kept input by input, so that the inner loop runs over outputs and becomes vector instructions.
struct Layer<const IN: usize, const OUT: usize> {
    weight: [[f32; OUT]; IN],
    bias: [f32; OUT],
}

impl<const IN: usize, const OUT: usize> Layer<IN, OUT> {
    fn new(number: u32) -> Self {
        let values = f32s(data::weights(number, OUT, IN));
        let mut weight = [[0.0; OUT]; IN];
        for (i, value) in values.into_iter().enumerate() {
            weight[i % IN][i / IN] = value;
        }
        let bias = f32s(data::bias(number, OUT)).try_into().expect("one number an output");
        Self { weight, bias }
    }

    #[inline(always)]
    fn forward(&self, input: &[f32; IN]) -> [f32; OUT] {
        let mut output = self.bias;
        for i in 0..IN {
            for o in 0..OUT {
                output[o] += self.weight[i][o] * input[i];
            }
        }
        output
    }
}

struct Tiny {
    layer1: Layer<6, 64>,
    layer2: Layer<64, 8>,
    layer3: Layer<8, 4>,
}

fn relu<const N: usize>(values: [f32; N]) -> [f32; N] {
    values.map(|value| if value > 0.0 { value } else { 0.0 })
}

impl Tiny {
    fn forward(&self, input: &[f32; 6]) -> [f32; 4] {
        let hidden = relu(self.layer1.forward(input));
        let hidden = relu(self.layer2.forward(&hidden));
        self.layer3.forward(&hidden)
    }
}

fn main() {
    let setting = if cfg!(target_feature = "avx2") { "native" } else { "plain" };
    let bench = Bench::new("loops by hand", "", setting);
    let net = Tiny { layer1: Layer::new(1), layer2: Layer::new(2), layer3: Layer::new(3) };
    let values = f32s(data::inputs(64, 6));
    let inputs: Vec<[f32; 6]> =
        values.chunks_exact(6).map(|input| input.try_into().expect("6 numbers")).collect();
    bench.measure("inference/6-64-8-4/1", sum_of_sizes(net.forward(&inputs[0])), || {
        black_box(&net).forward(black_box(&inputs[0]))
    });
    let mut outputs = [[0.0; 4]; 64];
    let check = sum_of_sizes(inputs.iter().flat_map(|input| net.forward(input)));
    bench.measure("inference/6-64-8-4/64", check, || {
        let net = black_box(&net);
        for (input, output) in black_box(&inputs).iter().zip(&mut outputs) {
            *output = net.forward(input);
        }
        black_box(&mut outputs);
    });
}
