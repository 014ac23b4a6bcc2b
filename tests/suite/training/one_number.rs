//! `batchnorm` where a batch has one number a channel.

use axonal::prelude::*;

network! {
    struct Vectors<input 2 => norm: batchnorm => out: dense 1>;
    struct Pixel<input 3x2x2 => maxpool 2x2 => norm: batchnorm => flatten => out: dense 1>;
    struct Pixels<input 3x2x2 => norm: batchnorm => flatten => out: dense 1>;
}

/// The statistics stay, the others learn as in inference.
#[test]
fn a_step_of_one_sample_leaves_the_statistics() {
    macro_rules! check {
        ($net:ident, $input:expr) => {{
            let mut net = $net::random(&mut StdRng::seed_from_u64(1));
            net.norm.running_mean[0] = 0.5;
            net.norm.running_var[1] = 2.0;
            let start = net.clone();
            let (input, target) = ([$input], [SVector::from([3.0])]);
            let inference = net.loss(&input, &target, &MeanSquaredError);
            let loss = net.train_step(&input, &target, &MeanSquaredError, &mut Sgd::new(1e-3));
            assert_eq!(loss, inference);
            assert_eq!(net.norm.running_mean, start.norm.running_mean);
            assert_eq!(net.norm.running_var, start.norm.running_var);
            assert_ne!(net.norm.weight, start.norm.weight);
            assert!(net.loss(&input, &target, &MeanSquaredError) < loss);
        }};
    }
    check!(Vectors, SVector::from([1.0, -2.0]));
    check!(
        Pixel,
        Image::from_slice(&std::array::from_fn::<f32, 12, _>(|index| index as f32)).unwrap()
    );
}

/// An image has several pixels: their variance is taken.
#[test]
fn one_image_has_statistics() {
    let mut net = Pixels::random(&mut StdRng::seed_from_u64(1));
    let input =
        [Image::from_slice(&std::array::from_fn::<f32, 12, _>(|index| index as f32)).unwrap()];
    net.train_step(&input, &[[3.0].into()], &MeanSquaredError, &mut Sgd::new(0.01));
    assert_ne!(net.norm.running_mean[0], 0.0);
}

#[test]
fn steps_of_one_sample_learn() {
    let mut net = Vectors::random(&mut StdRng::seed_from_u64(1));
    let mut optimizer = Sgd::new(0.01);
    for step in 0..400 {
        let x = [(step % 7) as f32, (step % 5) as f32];
        net.train_step(&[x.into()], &[[x[0]].into()], &MeanSquaredError, &mut optimizer);
    }
    let output = net.forward(&[6.0, 2.0].into())[0];
    assert!((output - 6.0).abs() < 0.5, "{output}");
    assert_eq!(net.norm.running_var, SVector::from([1.0, 1.0]));
}

fn line(count: usize) -> Dataset<SVector<f32, 2>, SVector<f32, 1>> {
    (0..count)
        .map(|index| {
            let x = [(index as f32 * 0.37).sin() * 3.0, (index as f32 * 0.91).cos() * 2.0];
            (x.into(), [x[0] - x[1]].into())
        })
        .collect()
}

/// One sample more than fits into the batches, at the end of each epoch.
#[test]
fn a_last_batch_of_one_does_no_harm() {
    let score = |count, drops_last| {
        let data = line(count);
        let mut net = Vectors::random(&mut StdRng::seed_from_u64(1));
        let mut trainer = Trainer::new(MeanSquaredError, Adam::new(0.01)).epochs(150);
        if drops_last {
            trainer = trainer.drop_last();
        }
        trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(2)).unwrap();
        1.0 - net.loss(data.inputs(), data.targets(), &MeanSquaredError) / 6.5
    };
    let without = score(128, false);
    assert!(without > 0.995, "{without}");
    for drops_last in [false, true] {
        let with = score(129, drops_last);
        assert!(with > without - 0.003, "{with} and {without}");
    }
}
