use axonal::prelude::*;

network! { struct Net<input 2 => dense 3>; }

fn main() {
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut gradient = Net::zeros();
    net.backward(&[SVector::zeros()], &[SVector::<f32, 2>::zeros()], &mut gradient, None);
}
