use axonal::prelude::*;

network! { struct Net<input a: 4, b: 2 => concat a { } b { } => heads x { dense 3 } y { dense 1 }>; }

fn main() {
    let net = Net::zeros();
    let _ = net.jacobian(&NetInputs { a: SVector::zeros(), b: SVector::zeros() });
}
