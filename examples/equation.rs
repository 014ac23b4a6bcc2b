//! An ordinary differential equation, solved by a network: u' = f(x, u), u(0) = 1. The network N(x) is trained until its own slope, its gradient with
//! respect to the input, is f(x, N(x)) everywhere; no solution is given to it.
//!
//! ```text
//! cargo run --release --example equation
//! ```
//!
//! The loss is the mean of r², r = N'(x) − f(x, N(x)), and (N(0) − 1)². Its gradient with respect to the weights w is
//!
//! ```text
//! mean of 2 r (∂N'(x)/∂w − ∂f/∂u ∂N(x)/∂w)  +  2 (N(0) − 1) ∂N(0)/∂w
//! ```
//!
//! where ∂N'/∂w is a second derivative. It is taken from the difference (N(x + h) − N(x − h)) / 2h, whose gradient is a `backward` at x + h and at
//! x − h: one call, on a batch of all these points, sums everything up. In f64 and with h = 1e-4, truncation (h²) and rounding leave eight digits of it.
//! A step costs a `backward` to the inputs and one to the weights with three times the samples: some four times what a step of a regression on these points takes.

use std::time::Instant;

use axonal::layers::Context;
use axonal::prelude::*;

network! {
    /// The solution: x in, u out.
    pub struct Solution<input 1 => dense 32 tanh => dense 32 tanh => dense 1>;
}

type Number = SVector<f64, 1>;

/// u' = −2 x u², solved by u = 1 / (1 + x²).
fn slope(x: f64, u: f64) -> f64 {
    -2.0 * x * u * u
}

/// ∂f/∂u
fn slope_by_u(x: f64, u: f64) -> f64 {
    -4.0 * x * u
}

fn exact(x: f64) -> f64 {
    1.0 / (1.0 + x * x)
}

const POINTS: usize = 32;
const END: f64 = 3.0;
const STEPS: u32 = 20_000;
const H: f64 = 1e-4;

/// The loss, and its gradient.
fn loss(net: &Solution<f64>, gradient: &mut Solution<f64>) -> f64 {
    // N and N' at all points: a `backward` from 1 to the inputs.
    let points: [Number; POINTS] =
        std::array::from_fn(|i| [END * i as f64 / (POINTS - 1) as f64].into());
    let (mut values, mut slopes) = ([Number::zeros(); POINTS], [Number::zeros(); POINTS]);
    net.forward_batch(&points, &mut values);
    let ones = [Number::from([1.0]); POINTS];
    net.backward_with(Context::INFERENCE, &points, &ones, None, Some(&mut slopes));

    // Where the network is run again, and what the loss changes by with each of these outputs.
    let begin = values[0][0] - 1.0;
    let mut loss = begin * begin;
    let (mut inputs, mut output_gradients) = (vec![points[0]], vec![Number::from([2.0 * begin])]);
    for ((x, u), derivative) in points.iter().zip(&values).zip(&slopes) {
        let (x, u) = (x[0], u[0]);
        let residual = derivative[0] - slope(x, u);
        loss += residual * residual / POINTS as f64;
        let factor = 2.0 * residual / POINTS as f64;
        for (x, output_gradient) in [
            (x, -factor * slope_by_u(x, u)),
            (x + H, factor / (2.0 * H)),
            (x - H, -factor / (2.0 * H)),
        ] {
            inputs.push([x].into());
            output_gradients.push([output_gradient].into());
        }
    }
    net.backward(&inputs, &output_gradients, gradient, None);
    loss
}

fn main() {
    let mut net = Solution::<f64>::random(&mut StdRng::seed_from_u64(1));
    let mut gradient = Solution::<f64>::zeros();
    let mut optimizer = Adam::new(0.01);
    let start = Instant::now();
    for step in 0..=STEPS {
        let loss = loss(&net, &mut gradient);
        if step % 4000 == 0 {
            println!("step {step}: loss {loss:.1e}");
        }
        optimizer.set_learning_rate(0.01 * (1.0 - f64::from(step) / f64::from(STEPS + 1)).powi(2));
        optimizer.apply(&mut *net, &gradient);
    }
    println!("{:.2} s", start.elapsed().as_secs_f64());

    println!("     x    network      exact     error");
    for i in 0..=6 {
        let x = END * f64::from(i) / 6.0;
        let u = net.forward(&[x].into())[0];
        println!("{x:6.2} {u:10.6} {:10.6} {:9.1e}", exact(x), u - exact(x));
    }
    let errors = (0..=300).map(|i| f64::from(i) * END / 300.0).map(|x| {
        let u = net.forward(&[x].into())[0];
        (u - exact(x)).abs()
    });
    println!("largest error from 0 to {END}: {:.1e}", errors.fold(0.0, f64::max));
}
