//! One and many heads and inputs; large ones, on a stack of 2 MiB.

use axonal::Sample;
use axonal::prelude::*;

use crate::common::differences::check;
use crate::common::samples::{classes, random};

network! {
    struct One<input x: 3 => dense 4 tanh => heads only { dense 2 }>;
    struct Many<
        input a: 1, b: 2, c: 1x1x3, d: 4, e: 5, f: 2x2x2, g: 1, h: 2, i: 3, j: 4, k: 5, l: 6
        => all: concat a { } b { } c { flatten } d { } e { } f { conv 2 2x2 tanh => flatten } g { } h { } i { } j { } k { } l { }
        => dense 9 tanh
        => heads
            a { dense 1 } b { dense 2 sigmoid } c { dense 3 softmax } d { dense 4 tanh } e { dense 5 } f { from all => dense 6 }
            g { } h { dense 2 } i { dense 1 => reshape 1x1x1 } j { dense 4 => reshape 1x2x2 } k { dense 1 } l { dense 12 }
    >;
    struct Words<input 8 => dense 4 tanh => heads word { dense 50000 } value { dense 1 }>;
    struct Picture<
        input image: 3x224x224, number: 1
        => concat image { avgpool 32x32 => flatten } number { } => dense 4 => heads label { dense 10 } same { }
    >;
    struct Drawing<input 4 => dense 8 => heads picture { dense 48 => reshape 3x4x4 => upsample 56 } label { dense 3 }>;
}

#[test]
fn one_of_each() {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut net = <One<f64> as Network>::random(rng);
    let inputs: Vec<OneInputs<SVector<f64, 3>>> = random(7, rng);
    let targets: Vec<OneHeads<Class<2>>> =
        classes::<2>(7, rng).into_iter().map(|only| OneHeads { only }).collect();
    check(&mut *net, &inputs, &targets, &OneHeads { only: CrossEntropy }, rng);
    let output: SVector<f64, 2> = net.forward(&OneInputs { x: inputs[0].x }).only;
    assert!(output.norm() > 0.0);
}

#[test]
fn twelve_of_each() {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut net = <Many<f64> as Network>::random(rng);
    let inputs: Vec<<Many<f64> as axonal::Layer>::Input> = random(5, rng);
    assert_eq!(inputs[0].as_slice().len(), 1 + 2 + 3 + 4 + 5 + 8 + 1 + 2 + 3 + 4 + 5 + 6);
    let targets: Vec<<Many<f64> as axonal::Layer>::Output> = random(5, rng);
    let loss = ManyHeads {
        a: MeanSquaredError,
        b: MeanSquaredError,
        c: MeanSquaredError,
        d: Huber,
        e: LogCosh,
        f: CosineSimilarity,
        g: MeanSquaredError,
        h: Quantile::new(0.9),
        i: MeanSquaredError,
        j: Huber,
        k: MeanSquaredError,
        l: LogCosh.scaled(2.0),
    };
    check(&mut *net, &inputs, &targets, &loss, rng);
}

#[test]
fn many_classes() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Words::random(&mut rng);
    let inputs: Vec<SVector<f32, 8>> = random(3, &mut rng);
    let words = classes::<50_000>(3, &mut rng);
    let targets: Vec<_> = words
        .into_iter()
        .map(|word| WordsHeads { word, value: SVector::from([0.5_f32]) })
        .collect();
    let loss = WordsHeads { word: CrossEntropy, value: MeanSquaredError };
    let mut optimizer = Adam::new(0.1);
    let first = net.train_step(&inputs, &targets, &loss, &mut optimizer);
    assert!((first - 50_000_f32.ln()).abs() < 3.0, "{first}");
    for _ in 0..3 {
        net.train_step(&inputs, &targets, &loss, &mut optimizer);
    }
    assert!(net.loss(&inputs, &targets, &loss) < first - 1.0);
    let data = Dataset::new(inputs, targets).unwrap();
    let scores = Evaluation::of(&*net, &data).scores();
    assert!(scores.iter().any(|score| score.metric == "word accuracy"), "{scores:?}");
}

/// An input that is larger than what a stack should hold.
#[test]
fn large_samples() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Picture::random(&mut rng);
    let mut inputs = <Picture as axonal::Layer>::Input::zeros_vec(2);
    for (index, number) in inputs.iter_mut().flat_map(|input| input.as_mut_slice()).enumerate() {
        *number = (index as f32 * 0.01).sin();
    }
    let labels = classes::<10>(2, &mut rng);
    let targets: Vec<_> = labels
        .into_iter()
        .map(|label| PictureHeads { label, same: SVector::<f32, 4>::zeros() })
        .collect();
    let loss = PictureHeads { label: CrossEntropy, same: MeanSquaredError };
    let mut optimizer = Sgd::new(0.1);
    let first = net.train_step(&inputs, &targets, &loss, &mut optimizer);
    assert!(net.loss(&inputs, &targets, &loss) < first);
    assert!(net.forward(&inputs[0]).same.norm() > 0.0);
}

/// A head that is larger than that.
#[test]
fn large_heads() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Drawing::random(&mut rng);
    let inputs: Vec<SVector<f32, 4>> = random(2, &mut rng);
    let mut targets = <Drawing as axonal::Layer>::Output::zeros_vec(2);
    targets[1].picture.as_mut_slice().fill(1.0);
    let loss = DrawingHeads { picture: MeanSquaredError, label: MeanSquaredError };
    let first = net.train_step(&inputs, &targets, &loss, &mut Sgd::new(0.1));
    assert!(net.loss(&inputs, &targets, &loss) < first);
    let mut outputs = <Drawing as axonal::Layer>::Output::zeros_vec(2);
    net.forward_batch(&inputs, &mut outputs);
    assert!(outputs[0].picture != outputs[1].picture);
}
