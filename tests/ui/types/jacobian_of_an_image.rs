use axonal::prelude::*;

network! { struct Seen<input 1x4x4 => conv 2 3x3 => flatten => dense 3>; }

fn main() {
    let net = Seen::random(&mut StdRng::seed_from_u64(1));
    let _ = net.jacobian(&*Image::boxed_zeros());
}
