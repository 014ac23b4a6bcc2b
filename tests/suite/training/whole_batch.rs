//! A loss that looks across the samples of a batch is given all of them; one that does not may get pieces, and says so.

use std::sync::Mutex;

use approx::assert_relative_eq;
use axonal::activations::Identity;
use axonal::losses::Loss;
use axonal::prelude::*;
use axonal::shapes::vector;

network! { struct Net<input 8 => dense 64 tanh => dense 1>; }

/// The variance of the outputs over the batch; and the sizes of the batches that it was given.
#[derive(Default)]
struct Spread<const PER_SAMPLE: bool>(Mutex<Vec<usize>>);

impl<const PER_SAMPLE: bool> Loss<SVector<f64, 1>, (), Identity> for Spread<PER_SAMPLE> {
    type Size = vector<1>;
    const PER_SAMPLE: bool = PER_SAMPLE;

    fn evaluate(&self, outputs: &mut [SVector<f64, 1>], _: &[()], scale: f64) -> f64 {
        self.0.lock().unwrap().push(outputs.len());
        let mean = outputs.iter().map(|output| output[0]).sum::<f64>() / outputs.len() as f64;
        let sum = outputs.iter().map(|output| (output[0] - mean).powi(2)).sum();
        for output in outputs {
            output[0] = 2.0 * (output[0] - mean) * scale;
        }
        sum
    }
}

fn inputs(count: usize) -> Vec<SVector<f64, 8>> {
    let number = |sample: usize, index: usize| {
        ((sample * 13 + index * 7) as f64 * 0.37).sin() + sample as f64 / count as f64
    };
    (0..count).map(|sample| SVector::from_fn(|index, _| number(sample, index))).collect()
}

fn variance(net: &Net<f64>, inputs: &[SVector<f64, 8>]) -> f64 {
    let outputs: Vec<f64> = inputs.iter().map(|input| net.forward(input)[0]).collect();
    let mean = outputs.iter().sum::<f64>() / outputs.len() as f64;
    outputs.iter().map(|output| (output - mean).powi(2)).sum::<f64>() / outputs.len() as f64
}

#[test]
fn it_is_given_to_a_loss_of_ones_own() {
    let mut net = Net::<f64>::random(&mut StdRng::seed_from_u64(1));
    for count in [1, 2, 100, 1500] {
        let (inputs, targets) = (inputs(count), vec![(); count]);
        let loss = Spread::<false>::default();
        let expected = variance(&net, &inputs);
        assert_relative_eq!(
            net.loss(&inputs, &targets, &loss),
            expected,
            max_relative = 1e-12,
            epsilon = 1e-15
        );
        let (value, gradient) = net.gradient(&inputs, &targets, &loss);
        assert_relative_eq!(value, expected, max_relative = 1e-12, epsilon = 1e-15);
        let old = net.dense1.weight[5];
        let mut at = |weight: f64| {
            net.dense1.weight[5] = weight;
            variance(&net, &inputs)
        };
        let slope = (at(old + 1e-6) - at(old - 1e-6)) / 2e-6;
        net.dense1.weight[5] = old;
        assert_relative_eq!(gradient.dense1.weight[5], slope, max_relative = 1e-6, epsilon = 1e-8);
        net.train_step(&inputs, &targets, &loss, &mut Sgd::new(0.0));
        assert_eq!(*loss.0.lock().unwrap(), [count; 3], "the sizes of its batches");
    }
}

/// Or the test above would say nothing.
#[test]
fn a_loss_of_each_sample_may_get_pieces() {
    let net = Net::<f64>::zeros();
    let loss = Spread::<true>::default();
    net.loss(&inputs(1500), &[(); 1500], &loss);
    let sizes = loss.0.into_inner().unwrap();
    assert_eq!(sizes.iter().sum::<usize>(), 1500);
    assert!(sizes.len() > 1, "{sizes:?}");
}
