//! `axonal` under another name: in this crate there is no `::axonal`.
#![cfg(test)]
#![forbid(unsafe_code)]

use nn::prelude::*;

network! {
    /// A layer of each kind of path.
    struct Pixels<input 1x8x8
        => conv 4 3x3 pad same => batchnorm relu
        => residual { conv 4 3x3 pad same => batchnorm } relu
        => maxpool 2x2 => flatten => concat { dense 3 tanh } { dense 2 }
        => Scale => dropout 0.5 => dense 2 init he_normal>;
}

/// A layer of one's own, made of parameters.
#[repr(C)]
#[derive(Parameters)]
#[parameters(crate = nn)]
struct Gain<T: nn::Scalar> {
    factor: SVector<T, 1>,
}

/// Networks that are stepped and saved together.
#[repr(C)]
#[derive(Parameters)]
#[parameters(crate = nn, networks, scalar = f32)]
struct Pair {
    first: Small,
    others: [Scale; 2],
}

/// As a crate that uses this one would see it.
mod facade {
    pub(crate) use nn as networks;
}

/// A macro of this crate around that of the other.
macro_rules! two_layers {
    ($name:ident, $input:literal, $hidden:expr) => {
        facade::networks::network! {
            struct $name<input $input => dense { $hidden } tanh => dense 1>;
        }
    };
}

network! { struct Scale<input 5 => dense 5>; }
two_layers!(Small, 2, 2 + 2);

#[test]
fn networks_work_under_another_name() {
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    let (inputs, targets) = ([SVector::from([1.0, 2.0])], [SVector::from([0.5])]);
    let before = net.loss(&inputs, &targets, &MeanSquaredError);
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut Adam::default());
    assert!(net.loss(&inputs, &targets, &MeanSquaredError) < before);
    assert_eq!(Small::PARAMETERS, 2 * 4 + 4 + 4 + 1);
    assert_eq!(Pixels::zeros().forward(&nn::Image::default()), SVector::<f32, 2>::zeros());
    assert_eq!(Gain::<f64>::PARAMETERS, Gain::<f64>::zeros().as_slice().len());

    let mut pair = Pair::random(&mut StdRng::seed_from_u64(1));
    let gradient = Pair::random(&mut StdRng::seed_from_u64(2));
    assert!(Adam::default().apply(&mut *pair, &gradient) && pair.dot(&gradient).is_finite());
    assert!(
        Pair::from_bytes(&pair.to_bytes()).is_ok_and(|same| same.as_slice() == pair.as_slice())
    );

    let net = network!(input 2 => dense 4 tanh => dense 1);
    let other = facade::networks::network!(input 2 => dense 1);
    assert!(net.forward(&inputs[0])[0].is_finite() && other.forward(&inputs[0])[0].is_finite());
}
