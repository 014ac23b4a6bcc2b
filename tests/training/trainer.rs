//! The training loop.

use axonal::Error;
use axonal::prelude::*;

use crate::{Line, curve};

fn trainer() -> Trainer<MeanSquaredError, Adam> {
    Trainer::new(MeanSquaredError, Adam::new(0.01)).epochs(3).batch_size(8)
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let data = curve(50);
    let run = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut net = Line::random(&mut rng);
        let history = trainer().fit(&mut *net, &data, &mut rng).unwrap();
        let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.loss).collect();
        (net, losses)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn an_epoch_is_steps_over_batches() {
    let data = curve(21);
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let mut by_hand = net.clone();
    let history = trainer().shuffle(false).fit(&mut *net, &data, &mut rng).unwrap();

    let mut optimizer = Adam::new(0.01);
    for epoch in &history.epochs {
        let mut sum = 0.0;
        for (inputs, targets) in data.batches(8) {
            let loss = by_hand.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
            sum += f64::from(loss) * inputs.len() as f64;
        }
        assert_eq!(epoch.loss, sum / 21.0);
    }
    assert_eq!(net, by_hand);
}

#[test]
fn epochs_are_shuffled_each_in_its_own_way() {
    let data = curve(40);
    let start = Line::random(&mut StdRng::seed_from_u64(1));
    let run = |shuffle, seed| {
        let mut net = start.clone();
        trainer().shuffle(shuffle).fit(&mut *net, &data, &mut StdRng::seed_from_u64(seed)).unwrap();
        net
    };
    assert_ne!(run(true, 1), run(true, 2));
    assert_ne!(run(true, 1), run(false, 1));
    assert_eq!(run(false, 1), run(false, 2));
}

#[test]
fn the_history_has_the_epochs() {
    let (train, test) = curve(60).split(0.5).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let history = trainer().epochs(5).fit(&mut *net, &train, &mut rng).unwrap();
    let numbers: Vec<usize> = history.epochs.iter().map(|epoch| epoch.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(history.epochs.iter().all(|epoch| epoch.validation.is_none()));
    assert_eq!(history.best(), None);
    assert!(history.epochs[4].loss < history.epochs[0].loss);
    assert_eq!(history.duration(), history.epochs.iter().map(|epoch| epoch.duration).sum());

    let history = trainer().validate_on(&test).fit(&mut *net, &train, &mut rng).unwrap();
    let scores: Vec<f64> =
        history.epochs.iter().map(|epoch| epoch.validation.as_ref().unwrap().score).collect();
    assert_eq!(scores.len(), 3);
    let best = history.best().unwrap().validation.as_ref().unwrap().score;
    assert_eq!(best, scores.iter().copied().fold(f64::MIN, f64::max));
    let last = history.last().unwrap().validation.as_ref().unwrap();
    assert_eq!(last.metric, "R²");
    assert_eq!(last.score, Evaluation::of(&*net, &test).r2());
    let table = history.to_string();
    assert_eq!(table.lines().count(), 3);
    assert!(table.starts_with("epoch   1  loss "), "{table}");
}

#[test]
fn schedules_change_the_learning_rate_of_an_epoch() {
    let data = curve(10);
    let rates = |schedule| -> Vec<f64> {
        let mut net = Line::random(&mut StdRng::seed_from_u64(1));
        let mut trainer =
            Trainer::new(MeanSquaredError, Sgd::new(0.5)).epochs(4).schedule(schedule);
        let history = trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(1)).unwrap();
        assert_eq!(Optimizer::<f32>::learning_rate(trainer.optimizer()), 0.5, "it is set back");
        history.epochs.iter().map(|epoch| epoch.learning_rate).collect()
    };
    assert_eq!(rates(Schedule::Constant), [0.5; 4]);
    assert_eq!(rates(Schedule::Step { epochs: 2, factor: 0.1 }), [0.5, 0.5, 0.05, 0.05]);
    assert_eq!(rates(Schedule::Exponential { factor: 0.5 }), [0.5, 0.25, 0.125, 0.0625]);
    let cosine = rates(Schedule::Cosine);
    approx::assert_relative_eq!(cosine[..], [0.5, 0.426_776_7, 0.25, 0.073_223_3], epsilon = 1e-7);
}

#[test]
fn a_second_fit_goes_on_with_the_optimizer() {
    let data = curve(30);
    let mut rng = StdRng::seed_from_u64(1);
    let start = Line::random(&mut rng);
    let mut whole = start.clone();
    trainer().shuffle(false).epochs(4).fit(&mut *whole, &data, &mut rng).unwrap();

    let mut parts = start.clone();
    let mut trainer = trainer().shuffle(false).epochs(2);
    trainer.fit(&mut *parts, &data, &mut rng).unwrap();
    assert_eq!(trainer.optimizer().state().steps(), 8);
    trainer.fit(&mut *parts, &data, &mut rng).unwrap();
    assert_eq!(trainer.optimizer().state().steps(), 16);
    assert_eq!(parts, whole);
}

#[test]
fn a_batch_may_be_larger_than_the_data() {
    let data = curve(5);
    let mut rng = StdRng::seed_from_u64(1);
    let start = Line::random(&mut rng);
    let run = |size| {
        let mut net = start.clone();
        let mut trainer = trainer().shuffle(false).batch_size(size);
        trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(1)).unwrap();
        (net, trainer.optimizer().state().steps())
    };
    assert_eq!(run(usize::MAX), run(5));
    assert_eq!(run(usize::MAX).1, 3);
    // No size at all is the smallest.
    assert_eq!(run(0), run(1));
    assert_eq!(run(0).1, 15);
}

#[test]
fn no_epochs_change_nothing() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let start = net.clone();
    let history = trainer().epochs(0).fit(&mut *net, &curve(5), &mut rng).unwrap();
    assert_eq!(history.epochs, []);
    assert_eq!(history.last(), None);
    assert_eq!(net, start);
}

#[test]
fn no_data_are_an_error() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let start = net.clone();
    let error = trainer().fit(&mut *net, &curve(0), &mut rng).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }));
    assert_eq!(error.to_string(), "the training data is empty: expected at least one sample");
    assert_eq!(net, start);

    let none = curve(0);
    let error = trainer().validate_on(&none).fit(&mut *net, &curve(5), &mut rng).unwrap_err();
    assert_eq!(error.to_string(), "the validation data is empty: expected at least one sample");
    assert_eq!(net, start, "it is seen before the first epoch");
}

#[test]
fn a_box_is_taken_for_the_network_in_it() {
    let data = curve(50);
    let mut rng = StdRng::seed_from_u64(1);
    let mut net: Box<Line> = Line::random(&mut rng);
    let mut same = net.clone();
    trainer().validate_on(&data).fit(&mut net, &data, &mut StdRng::seed_from_u64(2)).unwrap();
    trainer().validate_on(&data).fit(&mut *same, &data, &mut StdRng::seed_from_u64(2)).unwrap();
    assert_eq!(net, same);
    assert_eq!(Evaluation::of(&net, &data), Evaluation::of(&*net, &data));
}
