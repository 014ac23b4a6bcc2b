//! The learning-rate finder.

use axonal::Error;
use axonal::data::augment::NoAugmentation;
use axonal::prelude::*;
use axonal::training::LearningRateFinder;
use rand::Rng;
use rand::seq::SliceRandom;

network! {
    struct Net<input 2 => dense 8 tanh => dropout 0.1 => dense 1>;
    struct Plain<input 2 => dense 1>;
}

type Data<T = f32> = Dataset<SVector<T, 2>, SVector<T, 1>>;

fn curve(samples: usize) -> Data {
    let x = (0..samples).map(|i| i as f32 * 0.37);
    x.map(|x| ([x.sin(), x.cos()].into(), [(2.0 * x).sin() + 1.0].into())).collect()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(5)
}

/// The same steps by hand: the rates, the batches, the smoothing.
#[test]
fn a_sweep_is_steps_with_growing_rates() {
    let data = curve(70);
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let start = net.clone();
    let mut optimizer = Adam::new(0.1);
    optimizer.freeze(&*net, |net| &net.dense1.bias);
    let finder = LearningRateFinder::new(MeanSquaredError, optimizer.clone());
    let found = finder.find(&*net, &data, &mut rng()).unwrap();
    assert_eq!(net, start, "the network stays as it is");
    // A box will do.
    assert_eq!(finder.find(&net, &data, &mut rng()).unwrap(), found);

    let (mut own, mut rng) = (start, rng());
    optimizer.state_mut().set_seed(rng.next_u64());
    let mut order: Vec<usize> = (0..70).collect();
    let (mut average, mut least) = (0.0, f64::INFINITY);
    for step in 0..100 {
        // Two whole batches of 32 a round.
        if step % 2 == 0 {
            order.shuffle(&mut rng);
        }
        let batch = data.select(order[step % 2 * 32..][..32].iter().copied());
        let rate = 10_f64.powf(-7.0 + 8.0 * step as f64 / 99.0);
        optimizer.set_learning_rate(found.rates()[step]);
        assert!((found.rates()[step] / rate - 1.0).abs() < 1e-9);
        let loss =
            own.train_step(batch.inputs(), batch.targets(), &MeanSquaredError, &mut optimizer);
        assert_eq!(found.losses()[step], f64::from(loss), "step {step}");
        average = 0.98 * average + 0.02 * f64::from(loss);
        let smoothed = average / (1.0 - 0.98_f64.powi(step as i32 + 1));
        assert!((found.smoothed()[step] / smoothed - 1.0).abs() < 1e-12);
        if smoothed > 4.0 * least {
            assert_eq!(found.diverged_at(), Some(found.rates()[step]));
            assert_eq!(found.rates().len(), step + 1);
            return;
        }
        least = least.min(smoothed);
    }
    assert_eq!((found.rates().len(), found.diverged_at()), (100, None));
}

/// As Lightning: `numpy.gradient(losses[10:-1]).argmin() + 10`.
#[test]
fn the_suggestion_is_where_the_loss_falls_fastest() {
    let data = curve(200);
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let finder = LearningRateFinder::new(MeanSquaredError, Sgd::new(1.0));
    let found = finder.find(&*net, &data, &mut rng()).unwrap();
    let losses = &found.smoothed()[10..found.smoothed().len() - 1];
    let mut slopes: Vec<f64> = losses.windows(3).map(|of| (of[2] - of[0]) / 2.0).collect();
    slopes.insert(0, losses[1] - losses[0]);
    slopes.push(losses[losses.len() - 1] - losses[losses.len() - 2]);
    let steepest = slopes.iter().copied().fold(f64::INFINITY, f64::min);
    let at = slopes.iter().position(|slope| *slope == steepest).unwrap();
    assert_eq!(found.steepest(), Some(found.rates()[at + 10]));

    let least = found.smoothed().iter().copied().fold(f64::INFINITY, f64::min);
    let at = found.smoothed().iter().position(|loss| *loss == least).unwrap();
    assert_eq!(found.tenth_of_minimum(), Some(found.rates()[at] / 10.0));
    // Plain descent with a rate of 10 diverges, and learns with what is suggested.
    assert!(found.diverged_at().is_some());
    let rate = found.suggestion().unwrap();
    assert!((1e-3..1.0).contains(&rate), "{rate}");

    let picture = found.figure().to_svg();
    assert!(picture.contains("smoothed") && picture.contains(&format!("{rate:.1e}")));
    let text = found.to_string();
    let bars = text.lines().nth(1).unwrap().trim();
    assert!(bars.chars().count() <= 60 && bars.chars().all(|c| ('▁'..='█').contains(&c)), "{text}");
    for part in [format!("suggestion {rate:.1e}"), "diverged at".to_owned()] {
        assert!(text.contains(&part), "{text}");
    }
}

#[test]
fn data_that_are_few_bad_or_not_there() {
    let net = Plain::<f64>::random(&mut rng());
    let finder = LearningRateFinder::new(MeanSquaredError, Adam::<f64>::default());
    let sample = |x: f64| (SVector::from([x, 1.0]), SVector::from([x]));
    let none: Data<f64> = Dataset::new(vec![], vec![]).unwrap();
    assert!(matches!(finder.find(&*net, &none, &mut rng()), Err(Error::Empty { .. })));
    let one: Data<f64> = [sample(0.5)].into_iter().collect();
    assert_eq!(finder.find(&*net, &one, &mut rng()).unwrap().rates().len(), 100);
    for bad in [f64::NAN, f64::INFINITY] {
        let data: Data<f64> = [sample(0.5), sample(bad)].into_iter().collect();
        let error = finder.find(&*net, &data, &mut rng()).unwrap_err();
        assert!(error.to_string().contains("the loss of batch 1, before any training"), "{error}");
        // Later in the sweep it is the data too, not the learning rate.
        let mut data: Data<f64> = [sample(0.5); 300].into_iter().collect();
        data.inputs_mut()[70][0] = bad;
        let error = finder.clone().batch_size(1).steps(300).rates(1e-9, 1e-6);
        let error = error.find(&*net, &data, &mut rng()).unwrap_err();
        assert!(error.to_string().contains("check the data for NaN"), "{error}");
    }
    // So large that a small step is too large: an end, and no suggestion.
    let data: Data<f64> = [sample(1e150)].into_iter().collect();
    let sgd = LearningRateFinder::new(MeanSquaredError, Sgd::<f64>::new(1.0));
    let found = sgd.clone().steps(2).find(&*net, &data, &mut rng()).unwrap();
    assert_eq!((found.rates().len(), found.suggestion()), (1, None));
    assert!(found.diverged_at().is_some());
    assert!(found.to_string().contains("no suggestion"), "{found}");
    // A network that has nothing to learn.
    let zero: Data<f64> = [(SVector::zeros(), SVector::zeros())].into_iter().collect();
    let found = sgd.find(&*net, &zero, &mut rng()).unwrap();
    assert_eq!((found.rates().len(), found.suggestion(), found.steepest()), (100, None, None));
}

#[test]
fn settings_that_cannot_be() {
    use std::panic::catch_unwind;
    let finder = || LearningRateFinder::new(MeanSquaredError, NoAugmentation);
    for (from, to) in [(0.0, 1.0), (-1.0, 1.0), (1.0, 1.0), (1e-3, f64::INFINITY), (f64::NAN, 1.0)]
    {
        assert!(catch_unwind(|| finder().rates(from, to)).is_err(), "{from} {to}");
    }
    assert!(catch_unwind(|| finder().steps(1)).is_err());
    assert!(catch_unwind(|| finder().batch_size(0)).is_err());
}
