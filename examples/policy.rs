//! A policy network in a control loop: a state goes in, an action comes out, a few hundred nanoseconds later.
//!
//! ```text
//! cargo run --release --example policy
//! ```

use std::time::Instant;

use axonal::prelude::*;

network! {
    /// Eight measurements in, two torques out.
    pub struct Policy<input 8 => dense 64 tanh => dense 64 tanh => dense 2>;
}

/// A function of its own, so that it can be found in a disassembly.
#[inline(never)]
pub fn act(policy: &Policy, state: &SVector<f32, 8>) -> SVector<f32, 2> {
    policy.forward(state)
}

fn main() {
    const STEPS: u32 = 1_000_000;
    let policy = Policy::random(&mut StdRng::seed_from_u64(1));
    let mut state = SVector::from([1.0, 0.0, -0.5, 0.2, 0.0, 0.1, 0.0, 0.0]);
    let start = Instant::now();
    for _ in 0..STEPS {
        // Each action moves the state, so that no step can begin before the one before it has ended.
        let action = act(&policy, &state);
        state[6] = action[0];
        state[7] = action[1];
    }
    println!("{}", Policy::summary());
    println!("last action: {:.4} {:.4}", state[6], state[7]);
    println!("nanoseconds an action: {}", start.elapsed().as_nanos() / u128::from(STEPS));
}
