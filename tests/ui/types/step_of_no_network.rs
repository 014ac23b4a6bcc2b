use axonal::prelude::*;

network! { struct Critic<input 2 => dense 1>; }

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
struct Pair {
    critic: Critic,
    deviation: SVector<f32, 2>,
}

fn main() {
    let mut pair = Pair::zeros();
    let gradient = Pair::zeros();
    Adam::new(1e-3).apply(&mut *pair, &gradient);
    let mut critic = Critic::zeros();
    let gradient = Critic::zeros();
    Adam::new(1e-3).apply(&mut critic, &gradient);
}
