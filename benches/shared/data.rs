//! Weights, inputs and targets that every program of every language makes in the same way.
//!
//! `peers.py` holds the same few lines in Python.

// Each program uses its own part of this file.
#![allow(dead_code, unreachable_pub)]

/// The number `i` of the stream `stream`, from -1 to 1: the mixing step of MurmurHash3 on 32 bits.
pub fn noise(stream: u32, i: usize) -> f64 {
    let mut bits = (i as u32).wrapping_add(stream.wrapping_mul(0x9e37_79b9)).wrapping_add(1);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^= bits >> 16;
    f64::from(bits) / f64::from(1_u32 << 31) - 1.0
}

/// The weights of the layer number `layer`: one row an output, row after row, as PyTorch keeps them.
pub fn weights(layer: u32, outputs: usize, inputs: usize) -> Vec<f64> {
    let scale = 1.0 / (inputs as f64).sqrt();
    (0..outputs * inputs).map(|i| scale * noise(layer, i)).collect()
}

/// As [`weights`], for layers with relu, which halves what comes in.
pub fn he_weights(layer: u32, outputs: usize, inputs: usize) -> Vec<f64> {
    let scale = (6.0 / inputs as f64).sqrt();
    (0..outputs * inputs).map(|i| scale * noise(layer, i)).collect()
}

/// Of a batch normalization: the factors, the means and the variances in inference; its summands are a [`bias`].
pub fn factors(layer: u32, channels: usize) -> Vec<f64> {
    (0..channels).map(|i| 1.0 + 0.2 * noise(500 + layer, i)).collect()
}

pub fn running_means(layer: u32, channels: usize) -> Vec<f64> {
    (0..channels).map(|i| 0.1 * noise(600 + layer, i)).collect()
}

pub fn running_variances(layer: u32, channels: usize) -> Vec<f64> {
    (0..channels).map(|i| 1.0 + 0.5 * noise(700 + layer, i)).collect()
}

/// The bias of the layer number `layer`.
pub fn bias(layer: u32, outputs: usize) -> Vec<f64> {
    (0..outputs).map(|i| 0.1 * noise(100 + layer, i)).collect()
}

/// So many samples of so many numbers from 0 to 1, sample after sample.
pub fn inputs(samples: usize, width: usize) -> Vec<f64> {
    (0..samples * width).map(|i| 0.5 + 0.5 * noise(200, i)).collect()
}

/// Targets of a regression, from 0 to 1, sample after sample.
pub fn targets(samples: usize, width: usize) -> Vec<f64> {
    (0..samples * width).map(|i| 0.5 + 0.5 * noise(300, i)).collect()
}

/// So many different sets of classes are trained on in turn: they contradict one another, so that the network
/// cannot learn them by heart, and its gradients do not fade into denormal numbers however long it is measured.
pub const CLASS_SETS: usize = 10;

/// The class of each sample in one of the sets.
pub fn classes(samples: usize, set: usize) -> Vec<usize> {
    (0..samples).map(|i| ((noise(400, i) * 5.0 + 5.0) as usize + set) % 10).collect()
}

/// The steps after which a training's loss is compared.
pub const CHECKED_STEPS: usize = 20;

/// The learning rate of SGD.
pub const SGD_RATE: f64 = 0.1;
/// The learning rate of Adam.
pub const ADAM_RATE: f64 = 1e-3;
/// The learning rate of Adam for LeNet-5.
pub const LENET_RATE: f64 = 3e-4;

/// The samples of a step of the networks of `peers/networks.rs`.
pub const NETWORKS_BATCH: usize = 32;

/// The learning rate of Adam for them: so small that rounding does not grow to a difference of losses.
pub fn networks_rate(name: &str) -> f64 {
    match name {
        "MobileNet" => 1e-5,
        "VGG" | "1024-2048-2048-1000" => 3e-5,
        _ => 1e-4,
    }
}

/// The convolutions of LeNet-5, layers number 1 and 2: channels in and out. Each is followed by the largest of 2x2 pixels.
pub const LENET_CHANNELS: [(usize, usize); 2] = [(1, 6), (6, 16)];
/// Rows and columns of the window of a convolution of LeNet-5.
pub const LENET_WINDOW: usize = 5;
/// The widths of the dense layers of LeNet-5, number 3 and on.
pub const LENET_WIDTHS: [usize; 4] = [256, 120, 84, 10];

pub fn f32s(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}
