use axonal::prelude::*;

network! {
    pub struct Price<input 8 => dense 16 relu => dense 1>;
}

fn report(net: &Price, houses: &Dataset<SVector<f32, 8>, SVector<f32, 1>>) -> f64 {
    Evaluation::of(net, houses).accuracy()
}

fn main() {}
