use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 } value { dense 1 }>;
    pub struct Last<input 8 => dense 8 => ActorCritic>;
}

fn main() {
    _ = Last::zeros();
}
