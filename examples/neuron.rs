//! The threshold neuron, which fires 1 or 0: it learns AND and OR by the perceptron rule, and never XOR.
//! Two layers and backpropagation learn XOR.
//!
//! `cargo run --release --example neuron`

use axonal::prelude::*;

network! {
    /// Two inputs, one neuron that fires where its weighted sum reaches 0.
    struct Neuron<input 2 => dense 1 step>;

    /// Two inputs, two hidden neurons, one probability.
    struct Xor<input 2 => dense 2 tanh => dense 1 sigmoid>;
}

const INPUTS: [[f32; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];

fn main() -> Result<(), axonal::Error> {
    let inputs = INPUTS.map(SVector::from);
    for (name, targets) in
        [("AND", [0.0, 0.0, 0.0, 1.0]), ("OR", [0.0, 1.0, 1.0, 1.0]), ("XOR", [0.0, 1.0, 1.0, 0.0])]
    {
        let targets = targets.map(|target| SVector::from([target]));
        let mut neuron = Neuron::zeros();
        let learned =
            (1..=100).find(|_| neuron.dense1.perceptron_step(&inputs, &targets, 1.0) == 0);
        match learned {
            Some(round) => {
                let outputs = inputs.map(|input| neuron.forward(&input)[0]);
                println!("{name}: learned in {round} rounds, {outputs:?}");
            }
            None => println!("{name}: not learned in 100 rounds: no line separates its classes"),
        }
    }

    let data = Dataset::new(inputs.to_vec(), vec![false, true, true, false])?;
    let mut rng = StdRng::seed_from_u64(3);
    let mut net = Xor::random(&mut rng);
    let history = Trainer::new(BinaryCrossEntropy, Adam::new(0.05))
        .epochs(2000)
        .batch_size(4)
        .fit(&mut *net, &data, &mut rng)?;
    if let Some(last) = history.last() {
        println!("XOR with a hidden layer: loss {:.5}", last.loss);
    }
    for (input, target) in &data {
        println!("  {:?} -> {:.3} ({target})", input.as_slice(), net.forward(input)[0]);
    }
    println!("XOR accuracy: {:.0}%", 100.0 * Evaluation::of(&*net, &data).accuracy());
    Ok(())
}
