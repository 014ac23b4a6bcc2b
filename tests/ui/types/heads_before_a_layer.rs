use axonal::prelude::*;

network! {
    pub struct ActorCritic<input 8 => dense 16 tanh => heads action { dense 2 } value { dense 1 }>;
    pub struct Behind<input 8 => ActorCritic => dense 3>;
}

fn main() {
    _ = Behind::zeros();
}
