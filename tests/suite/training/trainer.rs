//! The training loop.

use axonal::Error;
use axonal::prelude::*;

use super::{Line, curve};

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
    assert_eq!(table.lines().count(), 4);
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
    assert_eq!(run(1).1, 15);
}

#[test]
fn a_last_batch_that_is_not_whole_is_left_out() {
    let data = curve(11);
    let run = |data: &Dataset<_, _>, drop_last: bool| {
        let mut net = Line::random(&mut StdRng::seed_from_u64(1));
        let mut trainer = trainer().shuffle(false).batch_size(4);
        trainer = if drop_last { trainer.drop_last() } else { trainer };
        let history = trainer.fit(&mut *net, data, &mut StdRng::seed_from_u64(1));
        (
            net,
            history.map(|history| history.last().unwrap().loss),
            trainer.optimizer().state().steps(),
        )
    };
    let (net, loss, steps) = run(&data, true);
    assert_eq!(steps, 6);
    let (expected, expected_loss, _) = run(&curve(8), false);
    assert_eq!(net, expected);
    assert_eq!(loss.unwrap(), expected_loss.unwrap(), "the mean over what was used");
    assert_eq!(run(&curve(8), true).0, expected);

    let error = run(&curve(3), true).1.unwrap_err();
    assert_eq!(
        error.to_string(),
        "an epoch without its last batch, which is not whole (`drop_last`), is empty: expected at least one sample"
    );
}

network! { struct Dropping<input 2 => dense 8 tanh => dropout 0.3 => dense 1>; }

fn long_run() -> Trainer<MeanSquaredError, Adam> {
    let schedule = Schedule::Step { epochs: 2, factor: 0.1 };
    Trainer::new(MeanSquaredError, Adam::new(0.05)).batch_size(7).schedule(schedule)
}

/// With shuffled batches, dropout, moments and a schedule.
#[test]
fn six_calls_of_one_epoch_are_one_of_six() {
    let data = curve(30);
    let start = Dropping::random(&mut StdRng::seed_from_u64(1));
    let (mut whole, mut rng) = (start.clone(), StdRng::seed_from_u64(2));
    let history = long_run().epochs(6).fit(&mut *whole, &data, &mut rng).unwrap();

    let (mut parts, mut rng) = (start.clone(), StdRng::seed_from_u64(2));
    let mut trainer = long_run();
    for expected in &history.epochs {
        let found = trainer.fit(&mut *parts, &data, &mut rng).unwrap().epochs.remove(0);
        assert_eq!(
            (found.number, found.loss, found.learning_rate),
            (expected.number, expected.loss, expected.learning_rate)
        );
    }
    assert_eq!(parts, whole);
}

/// The folds of a cross-validation.
#[test]
fn another_network_begins_anew() {
    let data = curve(30);
    let fold = |trainer: &mut Trainer<MeanSquaredError, Adam>| {
        let mut net = Dropping::random(&mut StdRng::seed_from_u64(7));
        let mut rng = StdRng::seed_from_u64(8);
        let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
        assert_eq!(history.epochs[0].number, 1);
        (net, history.epochs.iter().map(|epoch| epoch.learning_rate).collect::<Vec<_>>())
    };
    let mut trainer = long_run().epochs(5);
    let first = fold(&mut trainer);
    assert_eq!(fold(&mut trainer), first);
    assert_eq!(fold(&mut trainer), first);
    assert_eq!(trainer.optimizer().state().steps(), 25);

    // One that was changed is another one, too.
    let (mut net, _) = fold(&mut trainer);
    net.dense1.weight[0] += 1.0;
    trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(8)).unwrap();
    assert_eq!(trainer.optimizer().state().steps(), 25);
}

/// By hand, with the trainer's optimizer.
#[test]
fn steps_in_between_belong_to_a_run() {
    let data = curve(30);
    let mut net = Dropping::random(&mut StdRng::seed_from_u64(7));
    let mut rng = StdRng::seed_from_u64(8);
    let mut trainer = long_run();
    let mut optimizer = Adam::new(0.01);
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, &mut optimizer);
    *trainer.optimizer_mut() = optimizer;
    trainer.fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!(trainer.optimizer().state().steps(), 1 + 5, "the first call takes it as it is");
    let optimizer = trainer.optimizer_mut();
    net.train_step(data.inputs(), data.targets(), &MeanSquaredError, optimizer);
    let (_, gradient) = net.gradient(data.inputs(), data.targets(), &MeanSquaredError);
    optimizer.apply(&mut *net, &gradient);
    let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
    assert_eq!(history.epochs[0].number, 2);
    assert_eq!(trainer.optimizer().state().steps(), 6 + 2 + 5);
}

#[test]
fn cosines_over_several_calls() {
    let data = curve(10);
    let rates = |schedule: Schedule, epochs: usize, calls: usize| {
        let mut net = Line::random(&mut StdRng::seed_from_u64(1));
        let mut rng = StdRng::seed_from_u64(1);
        let mut trainer = trainer().epochs(epochs).schedule(schedule);
        let epochs =
            (0..calls).flat_map(|_| trainer.fit(&mut *net, &data, &mut rng).unwrap().epochs);
        epochs.map(|epoch| epoch.learning_rate).collect::<Vec<_>>()
    };
    let over = Schedule::CosineOver { epochs: 4 };
    let whole = rates(Schedule::Cosine, 4, 1);
    assert_eq!(rates(over.clone(), 4, 1), whole);
    assert_eq!(rates(over.clone(), 1, 4), whole);
    assert_eq!(rates(over, 6, 1)[4..], [0.0, 0.0]);
    let calls = rates(Schedule::Cosine, 1, 4);
    assert!(calls.is_sorted_by(|before, after| before > after), "{calls:?}");
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
