//! Residual connections and concatenations.

use axonal::Layer;
use axonal::activations::{Gelu, Identity, Relu, Softmax};
use axonal::layers::{
    BatchNorm, Concat, Conv, Dense, Dropout, MaxPool, NoProjection, ParameterPath, Part, Residual,
    Window,
};
use axonal::prelude::*;

use crate::common::samples::random;
use crate::differences::check;
use crate::passes::{infer, random_layer};

type Vector = SVector<f64, 6>;
type Pixels<const C: usize, const H: usize, const W: usize> = Image<C, H, W, f64>;
type Same<const IN: usize, const OUT: usize, const PATCH: usize, A = Identity> =
    Conv<f64, OUT, PATCH, Pixels<IN, 4, 5>, Pixels<OUT, 4, 5>, Window<3, 3, 1, 1, 1, 1, 1, 1>, A>;
type Strided<const OUT: usize, A = Identity> =
    Conv<f64, OUT, 8, Pixels<2, 4, 5>, Pixels<OUT, 2, 2>, Window<2, 2, 2, 2>, A>;
type Pointwise<const OUT: usize> =
    Conv<f64, OUT, 2, Pixels<2, 4, 5>, Pixels<OUT, 2, 3>, Window<1, 1, 2, 2>>;
type Three<const OUT: usize> =
    Conv<f64, OUT, 18, Pixels<2, 4, 5>, Pixels<OUT, 2, 3>, Window<3, 3, 2, 2, 1, 1, 1, 1>, Relu>;

#[test]
fn gradients_are_slopes() {
    check::<Residual<f64, Dense<f64, 6, 6>>>(4, 1);
    check::<Residual<f64, Dense<f64, 6, 6, Gelu>>>(4, 2);
    check::<Residual<f64, Dense<f64, 6, 3, Relu>, Dense<f64, 6, 3, Softmax>>>(4, 3);
    check::<Residual<f64, Same<2, 2, 18, Relu>>>(3, 4);
    check::<Residual<f64, Three<3>, Pointwise<3>>>(3, 5);
    check::<Residual<f64, Residual<f64, Dense<f64, 6, 6, Gelu>>>>(3, 6);
    check::<Residual<f64, Dropout<f64, Vector, 1, 3>>>(4, 7);
    check::<Concat<f64, Vector, SVector<f64, 5>, Dense<f64, 6, 2, Relu>, Dense<f64, 6, 3, Gelu>>>(
        4, 8,
    );
    check::<
        Concat<f64, Pixels<2, 4, 5>, Pixels<5, 4, 5>, Same<2, 2, 18, Relu>, Same<2, 3, 18, Gelu>>,
    >(3, 9);
    check::<
        Concat<
            f64,
            Pixels<2, 4, 5>,
            Pixels<5, 2, 2>,
            Strided<3, Relu>,
            MaxPool<f64, Pixels<2, 4, 5>, Pixels<2, 2, 2>, Window<2, 2, 2, 2>>,
        >,
    >(3, 10);
    check::<
        Concat<
            f64,
            Vector,
            SVector<f64, 12>,
            Residual<f64, Dense<f64, 6, 6>>,
            Dropout<f64, Vector, 1, 2>,
        >,
    >(3, 11);
}

#[test]
fn a_residual_is_the_sum_of_both_ways() {
    let mut rng = StdRng::seed_from_u64(12);
    let inputs: Vec<Vector> = random(3, &mut rng);
    let layer = random_layer::<Residual<f64, Dense<f64, 6, 6, Relu>>>(&mut rng);
    for (output, input) in infer(&*layer, &inputs).iter().zip(&inputs) {
        let block = (layer.block.weight * input + layer.block.bias).map(|score| score.max(0.0));
        assert!((output - (input + block)).norm() < 1e-12);
    }
    let layer = random_layer::<Residual<f64, Dense<f64, 6, 2>, Dense<f64, 6, 2>>>(&mut rng);
    for (output, input) in infer(&*layer, &inputs).iter().zip(&inputs) {
        let block = layer.block.weight * input + layer.block.bias;
        let projection = layer.projection.weight * input + layer.projection.bias;
        assert!((output - (projection + block)).norm() < 1e-12);
    }
}

#[test]
fn a_concatenation_is_one_behind_the_other() {
    let mut rng = StdRng::seed_from_u64(13);
    let inputs: Vec<Pixels<2, 4, 5>> = random(3, &mut rng);
    type Both = Concat<f64, Pixels<2, 4, 5>, Pixels<5, 4, 5>, Same<2, 2, 18>, Same<2, 3, 18>>;
    let layer = random_layer::<Both>(&mut rng);
    let first = infer(&layer.first, &inputs);
    let second = infer(&layer.second, &inputs);
    for (index, output) in infer(&*layer, &inputs).iter().enumerate() {
        assert_eq!(output.0[..2], first[index].0);
        assert_eq!(output.0[2..], second[index].0);
    }
}

fn names<L: Layer>() -> (Vec<String>, usize) {
    let (mut names, mut count) = (Vec::new(), 0);
    L::describe(&ParameterPath::ROOT.field("layer"), &mut |path, part| {
        if let Part::Tensor { shape, .. } = part {
            names.push(path.to_string());
            count += shape.iter().product::<usize>();
        }
    });
    (names, count)
}

#[test]
fn names_say_the_way() {
    type Nested = Residual<f64, Residual<f64, Dense<f64, 6, 6>>, Dense<f64, 6, 6>>;
    let (found, count) = names::<Nested>();
    assert_eq!(
        found,
        [
            "layer.block.block.weight",
            "layer.block.block.bias",
            "layer.projection.weight",
            "layer.projection.bias"
        ]
    );
    assert_eq!(count, Nested::PARAMETERS);
    type Both = Concat<f64, Vector, SVector<f64, 7>, BatchNorm<f64, Vector, 6>, Dense<f64, 6, 1>>;
    let (found, count) = names::<Both>();
    assert_eq!(found[0], "layer.first.weight");
    assert_eq!(found[3], "layer.first.running_var");
    assert_eq!(found[5], "layer.second.bias");
    assert_eq!(count, Both::PARAMETERS);
    assert_eq!(NoProjection::<f64>::PARAMETERS, 0);
}
