//! What networks learn.

use axonal::data::{Standardizer, csv};
use axonal::prelude::*;

use super::{Xor, corners};

network! {
    struct Iris<input 4 => dense 16 tanh => dense 3 softmax>;
    struct Product<input 2 => dense 24 tanh => dense 1>;
}

#[test]
fn xor() {
    let data = Dataset::new(corners::<f32>(), vec![false, true, true, false]).unwrap();
    // With two hidden neurons some starts end in a local minimum, others do not.
    let learned = (0..10).filter(|seed| {
        let mut rng = StdRng::seed_from_u64(*seed);
        let mut net = Xor::random(&mut rng);
        Trainer::new(BinaryCrossEntropy, Adam::new(0.1))
            .epochs(400)
            .batch_size(4)
            .fit(&mut *net, &data, &mut rng)
            .unwrap();
        Evaluation::of(&*net, &data).accuracy() == 1.0
    });
    let learned = learned.count();
    assert!(learned >= 3, "{learned} of 10");
}

#[test]
fn iris() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv");
    let mut data = csv(path).classification::<f32, 4, 3>().unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    data.shuffle(&mut rng);
    let (mut train, mut test) = data.split_stratified(0.7).unwrap();
    let standardizer = Standardizer::fit(train.inputs()).unwrap();
    standardizer.transform(train.inputs_mut());
    standardizer.transform(test.inputs_mut());

    let mut net = Iris::random(&mut rng);
    let history = Trainer::new(CrossEntropy, Adam::new(0.01))
        .epochs(60)
        .batch_size(8)
        .validate_on(&test)
        .fit(&mut *net, &train, &mut rng)
        .unwrap();
    let accuracy = Evaluation::of(&*net, &test).accuracy();
    assert!(accuracy >= 0.93, "accuracy {accuracy}");
    let last = history.last().unwrap();
    assert!(last.loss < 0.1, "loss {}", last.loss);
    // The network has the weights of the best epoch.
    let validation = history.best().unwrap().validation.as_ref().unwrap();
    assert_eq!((validation.metric, validation.score), ("accuracy", accuracy));
    let loss = net.loss(test.inputs(), test.targets(), &CrossEntropy);
    assert_eq!(validation.loss, f64::from(loss));
}

#[test]
fn a_smooth_function() {
    let data = super::curve(200);
    let mut rng = StdRng::seed_from_u64(4);
    for rate in [0.05, 0.02] {
        let mut net = Product::random(&mut rng);
        Trainer::new(MeanSquaredError, Sgd::new(rate).momentum(0.9))
            .epochs(150)
            .batch_size(32)
            .fit(&mut *net, &data, &mut rng)
            .unwrap();
        let r2 = Evaluation::of(&*net, &data).r2();
        assert!(r2 > 0.95, "R² {r2}");
    }
}
