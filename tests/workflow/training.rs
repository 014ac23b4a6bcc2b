//! What a `Trainer` does round its steps, held against loops by hand.

use std::cell::RefCell;
use std::time::Duration;

use axonal::Error;
use axonal::evaluation::Score;
use axonal::layers::Context;
use axonal::prelude::*;
use axonal::training::{
    Callback, EarlyStopping, Kept, Plateau, Stop, Training, TrainingLoop, Validation,
};
use rand::RngExt;

network! {
    struct Line<input 2 => dense 6 tanh => dense 1>;
    struct Dropping<input 2 => dense 8 tanh => dropout 0.3 => dense 1>;
    struct Normal<input 2 => dense 6 => batchnorm => tanh => dense 1>;
    struct Three<input 2 => dense 6 tanh => dense 3>;
    struct Yes<input 2 => dense 4 tanh => dense 1>;
}

type Curve = Dataset<SVector<f32, 2>, SVector<f32, 1>>;

fn curve(count: usize) -> Curve {
    (0..count)
        .map(|i| i as f32 * 0.37)
        .map(|i| ([i.sin(), (1.7 * i).cos()].into(), [(2.0 * i).sin()].into()))
        .collect()
}

fn classes(count: usize) -> Dataset<SVector<f32, 2>, Class<3>> {
    let mut rng = StdRng::seed_from_u64(3);
    (0..count)
        .map(|i| {
            let class = if i % 6 == 5 { 2 } else { i % 6 % 2 };
            let x = SVector::from_fn(|row, _| {
                rng.random_range(-1.0..1.0) + if row == class { 1.0 } else { 0.0 }
            });
            (x, Class::new(class).unwrap())
        })
        .collect()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn trainer() -> Trainer<MeanSquaredError, Adam> {
    Trainer::new(MeanSquaredError, Adam::new(0.01)).batch_size(8)
}

/// Scores that were thought of beforehand, one an epoch.
struct Scripted<'a>(&'a [f64], bool);

impl<N: Parameters> Callback<N> for Scripted<'_> {
    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        let value = self.0[training.status.epoch - 1];
        let score = if self.1 { Score::larger } else { Score::smaller };
        training.status.add_score(score("scripted", value));
        Ok(())
    }
}

/// A copy of the weights after each epoch.
#[derive(Default)]
struct Weights(Vec<Vec<f32>>);

impl<N: Parameters<Scalar = f32>> Callback<N> for Weights {
    fn on_epoch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
        self.0.push(training.net.as_slice().to_vec());
        Ok(())
    }
}

#[test]
fn the_weights_are_those_of_the_best_epoch() {
    let data = curve(40);
    for (scores, larger, best) in [
        (vec![1.0, 3.0, 2.0, 3.0, 0.0], true, 2),
        (vec![1.0, 3.0, 0.5, 0.5, 7.0], false, 3),
        (vec![f64::NAN, f64::NAN, 5.0, f64::NAN, 4.0], true, 3),
        (vec![f64::NEG_INFINITY, 1.0, 2.0, 3.0, 4.0], true, 5),
    ] {
        let mut weights = Weights::default();
        let mut net = Line::random(&mut rng());
        let history = trainer()
            .epochs(5)
            .monitor("scripted")
            .callback(Scripted(&scores, larger))
            .callback(&mut weights)
            .fit(&mut *net, &data, &mut rng())
            .unwrap();
        let Kept { epoch, score, .. } = history.kept.unwrap();
        assert_eq!((epoch, score.metric, score.value), (best, "scripted", scores[best - 1]));
        assert_eq!(history.best().unwrap().number, best);
        assert_eq!(net.as_slice(), weights.0[best - 1]);
        assert!(history.to_string().ends_with(&format!(
            "all epochs done; best weights: epoch {best}, scripted {:.4}",
            scores[best - 1]
        )));
    }
}

#[test]
fn by_default_it_is_the_score_of_validation() {
    let (train, test) = classes(90).split(0.7).unwrap();
    let mut weights = Weights::default();
    let mut net = Three::random(&mut rng());
    let history = Trainer::new(CrossEntropy, Adam::new(0.05))
        .epochs(12)
        .validate_on(&test)
        .callback(&mut weights)
        .fit(&mut *net, &train, &mut rng())
        .unwrap();
    let kept = history.kept.unwrap();
    assert_eq!(kept.score.metric, "accuracy");
    let scores: Vec<f64> =
        history.epochs.iter().map(|epoch| epoch.validation.as_ref().unwrap().score).collect();
    let best = scores.iter().copied().fold(f64::MIN, f64::max);
    assert_eq!(kept.epoch, scores.iter().position(|score| *score == best).unwrap() + 1);
    assert_eq!(net.as_slice(), weights.0[kept.epoch - 1]);
    assert_eq!(Evaluation::of(&*net, &test).accuracy(), best);

    // The last ones, if they are asked for, and without validation.
    for validates in [true, false] {
        let mut weights = Weights::default();
        let mut net = Three::random(&mut rng());
        let trainer = Trainer::new(CrossEntropy, Adam::new(0.05)).epochs(12).callback(&mut weights);
        let history = if validates {
            trainer.keep_last_weights().validate_on(&test).fit(&mut *net, &train, &mut rng())
        } else {
            let mut trainer = trainer;
            trainer.fit(&mut *net, &train, &mut rng())
        };
        assert_eq!(history.unwrap().kept, None);
        assert_eq!(net.as_slice(), weights.0[11]);
    }
}

#[test]
fn early_stopping_waits() {
    let data = curve(20);
    let run = |stopping: EarlyStopping, scores: &[f64], larger| {
        let mut net = Line::random(&mut rng());
        let history = trainer()
            .epochs(scores.len())
            .monitor("scripted")
            .early_stopping(stopping)
            .callback(Scripted(scores, larger))
            .fit(&mut *net, &data, &mut rng())
            .unwrap();
        (history.epochs.len(), history.stop)
    };
    let worse = [5.0, 6.0, 6.0, 6.0, 4.0, 5.0, 5.0];
    assert_eq!(run(EarlyStopping::new(3), &worse, false), (4, Stop::EarlyStopping));
    assert_eq!(run(EarlyStopping::new(4), &worse, false), (7, Stop::Epochs));
    assert_eq!(run(EarlyStopping::new(1), &worse, true), (3, Stop::EarlyStopping));
    // Small steps are none, but many of them are one: it is the last real improvement that is to be beaten.
    let slow = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5];
    assert_eq!(run(EarlyStopping::new(2).min_delta(0.15), &slow, false), (6, Stop::Epochs));
    assert_eq!(run(EarlyStopping::new(2).min_delta(0.25), &slow, false), (3, Stop::EarlyStopping));
    let jumps = [0.0, 9.0, 9.0, 5.0, 4.0, 6.0, 6.0];
    assert_eq!(run(EarlyStopping::new(2).from_epoch(4), &jumps, false), (7, Stop::EarlyStopping));
    assert_eq!(run(EarlyStopping::new(2), &[f64::NAN; 5], false), (2, Stop::EarlyStopping));
}

/// Until something ends it, if no number of epochs is given.
#[test]
fn without_a_number_of_epochs() {
    let data = curve(10);
    let still = || Trainer::new(MeanSquaredError, Sgd::new(0.0)).shuffle(false);
    let fit = |mut trainer: Trainer<MeanSquaredError, Sgd>| {
        let history = trainer.fit(&mut *Line::zeros(), &data, &mut rng()).unwrap();
        (history.epochs.len(), history.stop)
    };
    assert_eq!(fit(still()), (1, Stop::Epochs));
    assert_eq!(fit(still().early_stopping(4)), (5, Stop::EarlyStopping));
    assert_eq!(fit(still().early_stopping(4).epochs(2)), (2, Stop::Epochs));
    assert_eq!(fit(still().stop_at(100.0)), (1, Stop::Target));
    assert_eq!(fit(still().max_duration(Duration::from_millis(20))).1, Stop::Time);
    let over = Schedule::Cosine.over(3).by_step();
    assert_eq!(fit(still().early_stopping(4).schedule(over)), (5, Stop::EarlyStopping));
    let cosine = still().early_stopping(4).schedule(Schedule::Cosine.warm_up(2.0).by_step());
    let run = std::panic::AssertUnwindSafe(|| fit(cosine));
    let payload = std::panic::catch_unwind(run).unwrap_err();
    let text = payload.downcast_ref::<&str>().unwrap();
    assert_eq!(
        *text,
        "a schedule that goes by the number of epochs needs one: `epochs`, or `Schedule::over`"
    );
}

/// Without validation, it is the training loss that is followed, and the weights are the last ones.
#[test]
fn early_stopping_without_validation() {
    let mut net = Line::zeros();
    // Nothing is learned with a learning rate of 0.
    let history = Trainer::new(MeanSquaredError, Sgd::new(0.0))
        .epochs(50)
        .shuffle(false)
        .early_stopping(4)
        .fit(&mut *net, &curve(10), &mut rng())
        .unwrap();
    assert_eq!(
        (history.epochs.len(), &history.stop, history.kept),
        (5, &Stop::EarlyStopping, None)
    );
}

#[test]
fn it_stops_at_a_target_in_time_and_when_asked() {
    let data = curve(40);
    let target = |larger, target| {
        let mut net = Line::random(&mut rng());
        let scores = [3.0, 2.0, 4.0, 1.0];
        trainer()
            .epochs(4)
            .monitor("scripted")
            .stop_at(target)
            .callback(Scripted(&scores, larger))
            .fit(&mut *net, &data, &mut rng())
            .map(|history| (history.epochs.len(), history.stop))
            .unwrap()
    };
    assert_eq!(target(true, 4.0), (3, Stop::Target));
    assert_eq!(target(false, 2.0), (2, Stop::Target));
    assert_eq!(target(false, 0.0), (4, Stop::Epochs));

    let mut net = Line::random(&mut rng());
    let mut trainer = trainer().epochs(1000).max_duration(Duration::ZERO);
    let history = trainer.fit(&mut *net, &data, &mut rng()).unwrap();
    assert_eq!((history.epochs.len(), history.stop), (0, Stop::Time));
    assert_eq!(trainer.optimizer().state().steps(), 1);

    struct Ask;
    impl<N: Parameters> Callback<N> for Ask {
        fn on_batch_end(&mut self, training: &mut Training<'_, N>) -> Result<(), Error> {
            if (training.status.epoch, training.status.step) == (2, 3) {
                training.status.stop("it is late");
            }
            Ok(())
        }
    }
    let mut net = Line::random(&mut rng());
    let mut trainer = self::trainer().epochs(5).callback(Ask);
    let history = trainer.fit(&mut *net, &data, &mut rng()).unwrap();
    assert_eq!(history.stop, Stop::Callback("it is late".to_owned()));
    assert_eq!((history.epochs.len(), trainer.optimizer().state().steps()), (1, 5 + 3));
    assert!(history.to_string().ends_with("stopped: it is late; last weights"));
}

#[test]
fn a_metric_that_nobody_measures_is_named() {
    let (train, test) = classes(60).split(0.7).unwrap();
    let run = |metric: &str| {
        let mut net = Three::random(&mut rng());
        let mut trainer =
            Trainer::new(CrossEntropy, Sgd::new(0.1)).validate_on(&test).monitor(metric);
        let history = trainer.fit(&mut *net, &train, &mut rng());
        (history, trainer.optimizer().state().steps())
    };
    let (error, steps) = run("F1");
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with(
            "the metric `F1` is not measured: there are `loss`, `training loss`, `accuracy`"
        ),
        "{text}"
    );
    assert!(text.contains("`macro F1`"), "{text}");
    assert_eq!(steps, 0, "before the first step");
    let (history, _) = run("macro F1");
    let kept = history.unwrap().kept.unwrap();
    assert_eq!(kept.score.metric, "macro F1");
    let (history, _) = run("loss");
    assert!(!history.unwrap().kept.unwrap().score.larger_is_better);

    // A callback might measure it: at the end of the first epoch, it has not.
    let mut net = Line::random(&mut rng());
    let error = trainer()
        .monitor("other")
        .callback(Scripted(&[1.0], true))
        .fit(&mut *net, &curve(9), &mut rng())
        .unwrap_err();
    assert!(error.to_string().ends_with("or `scripted`"), "{error}");
}

/// Each number of an epoch's order, seen through a batch size of 1 and the losses of the samples.
#[test]
fn a_fraction_is_held_out_of_each_class() {
    // Of class 2 there are 15 among 90.
    let data = classes(90);
    for fraction in [0.2, 0.5, 0.1] {
        let mut net = Three::zeros();
        net.dense2.bias[2] = 1.0;
        let history = Trainer::new(CrossEntropy, Sgd::new(0.0))
            .validation_fraction(fraction)
            .fit(&mut *net, &data, &mut rng())
            .unwrap();
        // All are taken for class 2.
        let validation = history.epochs[0].validation.as_ref().unwrap();
        let (all, third) = (90.0 * fraction, (15.0 * fraction).round());
        assert!(
            (validation.score - third / all).abs() < 1.0 / all,
            "{} of {fraction}",
            validation.score
        );
    }
    let held_out = |seed| {
        let mut net = Line::random(&mut rng());
        let mut trainer = trainer().epochs(2).validation_fraction(0.25);
        let history = trainer.fit(&mut *net, &curve(41), &mut StdRng::seed_from_u64(seed)).unwrap();
        assert_eq!(trainer.optimizer().state().steps(), 2 * 4, "31 samples in batches of 8");
        history.epochs[0].validation.clone().unwrap().loss
    };
    assert_eq!(held_out(1), held_out(1));
    assert_ne!(held_out(1), held_out(2));

    let mut net = Line::random(&mut rng());
    let error =
        trainer().validation_fraction(0.1).fit(&mut *net, &curve(1), &mut rng()).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
}

#[test]
fn accumulated_batches_are_a_large_one() {
    let data = curve(50);
    let run = |size: usize, batches: usize| {
        let mut net = Dropping::random(&mut rng());
        let history = Trainer::new(MeanSquaredError, Adam::new(0.01))
            .epochs(3)
            .batch_size(size)
            .accumulate(batches)
            .clip_norm(0.5)
            .fit(&mut *net, &data, &mut rng())
            .unwrap();
        (net, history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>())
    };
    assert_eq!(run(4, 4), run(16, 1));
    assert_eq!(run(1, 16), run(16, 1));
    assert_eq!(run(usize::MAX, 2), run(50, 1));
}

#[test]
fn batches_that_are_looked_across_are_accumulated_one_by_one() {
    let data = curve(24);
    let mut net = Normal::random(&mut rng());
    let mut by_hand = net.clone();
    Trainer::new(MeanSquaredError, Sgd::new(0.1))
        .shuffle(false)
        .batch_size(8)
        .accumulate(3)
        .fit(&mut *net, &data, &mut rng())
        .unwrap();
    let (mut sum, mut gradient) = (Normal::zeros(), Normal::zeros());
    for (inputs, targets) in data.batches(8) {
        by_hand.gradient_with(
            Context::training(0),
            inputs,
            targets,
            &MeanSquaredError,
            &mut gradient,
        );
        sum.add_scaled(1.0 / 3.0, &gradient);
    }
    Sgd::new(0.1).apply(&mut *by_hand, &sum);
    assert_eq!(net, by_hand);
}

#[test]
fn gradients_are_clipped_and_penalized() {
    let data = curve(16);
    let start = Line::random(&mut rng());
    let fit = |trainer: Trainer<MeanSquaredError, Sgd>| {
        let mut net = start.clone();
        trainer.shuffle(false).batch_size(16).epochs(4).fit(&mut *net, &data, &mut rng()).unwrap();
        net
    };
    let by_hand = |change: &dyn Fn(&Line, &mut Line)| {
        let (mut net, mut optimizer) = (start.clone(), Sgd::new(0.3));
        for _ in 0..4 {
            let (_, mut gradient) = net.gradient(data.inputs(), data.targets(), &MeanSquaredError);
            change(&net, &mut gradient);
            optimizer.apply(&mut *net, &gradient);
        }
        net
    };
    let plain = || Trainer::new(MeanSquaredError, Sgd::new(0.3));
    assert_eq!(fit(plain()), by_hand(&|_, _| {}));
    assert_eq!(fit(plain().clip_norm(0.1)), by_hand(&|_, g| _ = g.clip_norm(0.1)));
    assert_eq!(fit(plain().clip_value(0.02)), by_hand(&|_, g| _ = g.clip_value(0.02)));
    let l2 = by_hand(&|net, g| {
        g.dense1.weight += 0.02 * net.dense1.weight;
        g.dense2.weight += 0.02 * net.dense2.weight;
    });
    approx::assert_relative_eq!(fit(plain().l2(0.01)).as_slice(), l2.as_slice(), epsilon = 1e-6);
    let l1 = by_hand(&|net, g| {
        g.dense1.weight += 0.01 * net.dense1.weight.map(f32::signum);
        g.dense2.weight += 0.01 * net.dense2.weight.map(f32::signum);
    });
    approx::assert_relative_eq!(fit(plain().l1(0.01)).as_slice(), l1.as_slice(), epsilon = 1e-6);

    // Frozen parts have no part in the norm.
    let mut frozen = Sgd::new(0.3);
    frozen.freeze(&*start, |net| &net.dense1);
    let found = fit(Trainer::new(MeanSquaredError, frozen.clone()).clip_norm(0.1));
    let (mut net, mut optimizer) = (start.clone(), frozen);
    for _ in 0..4 {
        let (_, mut gradient) = net.gradient(data.inputs(), data.targets(), &MeanSquaredError);
        gradient.dense1.as_mut_slice().fill(0.0);
        gradient.clip_norm(0.1);
        optimizer.apply(&mut *net, &gradient);
    }
    assert_eq!(found, net);
}

#[test]
fn weights_are_averaged() {
    let data = curve(24);
    let mut net = Line::random(&mut rng());
    let (mut by_hand, mut optimizer) = (net.clone(), Adam::new(0.05));
    let history = Trainer::new(MeanSquaredError, Adam::new(0.05))
        .shuffle(false)
        .batch_size(8)
        .epochs(3)
        .average_weights(0.8)
        .validate_on(&data)
        .keep_last_weights()
        .fit(&mut *net, &data, &mut rng())
        .unwrap();
    let mut average: Option<Box<Line>> = None;
    for epoch in 0..3 {
        for (inputs, targets) in data.batches(8) {
            by_hand.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
            match &mut average {
                None => average = Some(by_hand.clone()),
                Some(average) => average.lerp(&by_hand, 1.0_f32 - 0.8),
            }
        }
        let loss = average.as_ref().unwrap().loss(data.inputs(), data.targets(), &MeanSquaredError);
        let validation = history.epochs[epoch].validation.as_ref().unwrap();
        approx::assert_relative_eq!(validation.loss, f64::from(loss), max_relative = 1e-5);
    }
    approx::assert_relative_eq!(net.as_slice(), average.unwrap().as_slice(), max_relative = 1e-5);
}

#[test]
fn classes_count_as_they_weigh() {
    let data = classes(36);
    let weights = [0.5, 2.0, 4.0];
    let start = Three::random(&mut rng());
    let fit = |trainer: Trainer<CrossEntropy, Sgd>| {
        let mut net = start.clone();
        let history = trainer.epochs(3).batch_size(8).fit(&mut *net, &data, &mut rng()).unwrap();
        (net, history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>())
    };
    let plain = || Trainer::new(CrossEntropy, Sgd::new(0.2));
    let by_weights = |weights: [f64; 3]| {
        let mut net = start.clone();
        let weighted = data.clone().map_targets(|class| (class, weights[class.index()] as f32));
        let history = Trainer::new(CrossEntropy.weighted(), Sgd::new(0.2))
            .epochs(3)
            .batch_size(8)
            .fit(&mut *net, &weighted, &mut rng())
            .unwrap();
        (net, history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>())
    };
    assert_eq!(fit(plain().class_weights(weights)), by_weights(weights));
    assert_eq!(fit(plain().class_weights([1.0; 3])).0, fit(plain()).0);
    // 18, 12 and 6 of 36.
    assert_eq!(fit(plain().balanced()).0, by_weights([36.0 / 54.0, 1.0, 2.0]).0);

    // Yes and no.
    let answers = data.clone().map_targets(|class| class.index() == 2);
    let mut net = Yes::random(&mut rng());
    let mut other = net.clone();
    Trainer::new(BinaryCrossEntropy, Sgd::new(0.2))
        .balanced()
        .fit(&mut *net, &answers, &mut rng())
        .unwrap();
    let weighted = answers.map_targets(|yes| (yes, if yes { 3.0 } else { 0.6 }));
    Trainer::new(BinaryCrossEntropy.weighted(), Sgd::new(0.2))
        .fit(&mut *other, &weighted, &mut rng())
        .unwrap();
    assert_eq!(net, other);
}

/// Validation does not look at weights.
#[test]
fn validation_is_without_weights_of_classes() {
    let data = classes(36);
    let loss = |trainer: Trainer<CrossEntropy, Sgd>| {
        let mut net = Three::random(&mut rng());
        let history = trainer.validate_on(&data).fit(&mut *net, &data, &mut rng()).unwrap();
        history.epochs[0].validation.clone().unwrap().loss
    };
    let plain = || Trainer::new(CrossEntropy, Sgd::new(0.0));
    assert_eq!(loss(plain().balanced()), loss(plain()));
}

#[test]
fn wrong_settings_panic_with_a_sentence() {
    let data = classes(12);
    let panics = |what: &str, run: &dyn Fn()| {
        let run = std::panic::AssertUnwindSafe(run);
        let payload = std::panic::catch_unwind(run).unwrap_err();
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        assert_eq!(text.unwrap(), what);
    };
    let fit = |trainer: Trainer<CrossEntropy, Sgd>| {
        let mut trainer = trainer;
        _ = trainer.fit(&mut *Three::zeros(), &data, &mut rng());
    };
    let plain = || Trainer::new(CrossEntropy, Sgd::<f32>::new(0.1));
    panics("there is a weight for each of the 3 classes, found 2", &|| {
        fit(plain().class_weights([1.0, 2.0]));
    });
    panics("the weight of a class is a finite number from 0 on, found NaN", &|| {
        _ = plain().class_weights([f64::NAN]);
    });
    panics("weights of classes are for targets that are classes: `Class<N>` or `bool`", &|| {
        _ = trainer().balanced().fit(&mut *Line::zeros(), &curve(4), &mut rng());
    });
    panics("all weights of classes are 0: nothing would be learned", &|| {
        _ = plain().class_weights([0.0; 3]);
    });
    panics("early stopping waits for one epoch at least, found a patience of 0", &|| {
        _ = plain().early_stopping(0);
    });
    panics("a fraction of the data is between 0 and 1, found 1", &|| {
        _ = plain().validation_fraction(1.0);
    });
    panics(
        "validation data are given, or a fraction is held out: `validate_on` and `validation_fraction` do not go together",
        &|| {
            _ = plain().validation_fraction(0.5).validate_on(&data).fit(
                &mut *Three::zeros(),
                &data,
                &mut rng(),
            );
        },
    );
    panics("a step takes one batch at least, found `accumulate(0)`", &|| _ = plain().accumulate(0));
    panics("a decay is from 0 to 1, without 1, found 1", &|| _ = plain().average_weights(1.0));
    panics("a norm to clip to is a finite number from 0 on, found -1", &|| {
        _ = plain().clip_norm(-1.0)
    });
    panics("the α of mixup is a finite number above 0, found 0", &|| _ = plain().mixup(0.0));
    panics("a target is a number, not NaN: no score is as good as that", &|| {
        _ = plain().stop_at(f64::NAN)
    });
}

#[test]
fn mixtures_are_drawn_by_the_seed() {
    let data = classes(40);
    let run = |mixes: bool, seed| {
        let mut net = Three::random(&mut rng());
        let trainer = Trainer::new(CrossEntropy, Sgd::new(0.2)).epochs(2);
        let mut trainer = if mixes { trainer.mixup(0.4) } else { trainer };
        trainer.fit(&mut *net, &data, &mut StdRng::seed_from_u64(seed)).unwrap();
        net
    };
    assert_eq!(run(true, 1), run(true, 1));
    assert_ne!(run(true, 1), run(true, 2));
    assert_ne!(run(true, 1), run(false, 1));
    // One sample alone is mixed with itself.
    let one = data.select([3]);
    let alone = |mixes: bool| {
        let mut net = Three::random(&mut rng());
        let trainer = Trainer::new(CrossEntropy, Sgd::new(0.2));
        let mut trainer = if mixes { trainer.mixup(0.4) } else { trainer };
        trainer.fit(&mut *net, &one, &mut rng()).unwrap();
        net
    };
    approx::assert_relative_eq!(alone(true).as_slice(), alone(false).as_slice(), epsilon = 1e-6);
}

#[test]
fn a_plateau_makes_the_learning_rate_smaller() {
    let scores = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5];
    let mut net = Line::random(&mut rng());
    let history = trainer()
        .epochs(6)
        .monitor("scripted")
        .schedule(Schedule::Step { epochs: 5, factor: 0.1 })
        .reduce_on_plateau(Plateau::default().patience(1).factor(0.5))
        .callback(Scripted(&scores, false))
        .fit(&mut *net, &curve(8), &mut rng())
        .unwrap();
    let rates: Vec<f64> = history.epochs.iter().map(|epoch| epoch.learning_rate).collect();
    approx::assert_relative_eq!(rates[..], [0.01, 0.01, 0.01, 0.005, 0.005, 0.0005]);
}

/// Each call in its place.
#[test]
fn callbacks_are_called_in_order() {
    struct Calls<'a>(&'a RefCell<String>, char);
    macro_rules! calls {
        ($($method:ident: $letter:literal),*) => {$(
            fn $method(&mut self, _: &mut Training<'_, N>) -> Result<(), Error> {
                self.0.borrow_mut().extend([$letter, self.1]);
                Ok(())
            }
        )*};
    }
    impl<N: Parameters> Callback<N> for Calls<'_> {
        const TAKES_GRADIENT: bool = true;
        calls!(on_train_begin: 'T', on_epoch_begin: 'E', on_batch_begin: 'B', on_batch_end: 'b', on_epoch_end: 'e', on_train_end: 't');
        fn on_gradient(&mut self, _: &mut Training<'_, N>, _: &mut N) -> Result<(), Error> {
            self.0.borrow_mut().extend(['g', self.1]);
            Ok(())
        }
    }
    let text = RefCell::new(String::new());
    let mut net = Line::random(&mut rng());
    trainer()
        .epochs(2)
        .callback(Calls(&text, '1'))
        .callback(Calls(&text, '2'))
        .fit(&mut *net, &curve(10), &mut rng())
        .unwrap();
    let step = "B1B2g1g2b1b2";
    let epoch = format!("E1E2{step}{step}e1e2");
    assert_eq!(text.into_inner(), format!("T1T2{epoch}{epoch}t1t2"));
}

/// What a callback changes of a gradient is what the step goes along; an error ends the training.
#[test]
fn a_callback_changes_the_gradient_and_ends_with_an_error() {
    struct Negative;
    impl<N: Parameters<Scalar = f32>> Callback<N> for Negative {
        const TAKES_GRADIENT: bool = true;
        fn on_gradient(&mut self, _: &mut Training<'_, N>, gradient: &mut N) -> Result<(), Error> {
            gradient.as_mut_slice().iter_mut().for_each(|number| *number = -*number);
            Ok(())
        }
    }
    let data = curve(8);
    let start = Line::random(&mut rng());
    let mut net = start.clone();
    let mut up = Trainer::new(MeanSquaredError, Sgd::new(0.1)).callback(Negative);
    up.fit(&mut *net, &data, &mut rng()).unwrap();
    let before = start.loss(data.inputs(), data.targets(), &MeanSquaredError);
    assert!(net.loss(data.inputs(), data.targets(), &MeanSquaredError) > before);

    struct Fails;
    impl<N: Parameters> Callback<N> for Fails {
        fn on_epoch_end(&mut self, _: &mut Training<'_, N>) -> Result<(), Error> {
            Err(Error::Empty { what: "the disk" })
        }
    }
    let mut failing = trainer().schedule(Schedule::Step { epochs: 1, factor: 0.5 }).callback(Fails);
    let error = failing.fit(&mut *net, &data, &mut rng()).unwrap_err();
    assert!(error.to_string().starts_with("the disk is empty"));
    assert_eq!(Optimizer::<f32>::learning_rate(failing.optimizer()), 0.01);
}

/// The same bits, with all that stands round.
#[test]
fn a_loop_of_ones_own_is_the_trainer() {
    let (train, test) = curve(50).split(0.8).unwrap();
    let start = Dropping::random(&mut rng());
    let mut net = start.clone();
    let history = Trainer::new(MeanSquaredError, Adam::new(0.02))
        .batch_size(8)
        .epochs(15)
        .schedule(Schedule::Cosine.by_step())
        .early_stopping(3)
        .clip_norm(0.5)
        .l2(1e-3)
        .average_weights(0.7)
        .validate_on(&test)
        .fit(&mut *net, &train, &mut rng())
        .unwrap();

    let (mut own, mut optimizer) = (start, Adam::new(0.02));
    let mut gradient = Dropping::zeros();
    let mut run = TrainingLoop::new()
        .epochs(15)
        .steps(5)
        .schedule(Schedule::Cosine.by_step())
        .early_stopping(3)
        .clip_norm(0.5)
        .l2(1e-3)
        .average_weights(0.7);
    run.begin(&mut *own, &mut optimizer, &mut rng()).unwrap();
    while run.next_epoch(&mut *own, &mut optimizer).unwrap() {
        for places in run.order(train.len()).chunks(8) {
            let batch = train.select(places.iter().copied());
            let (inputs, targets) = (batch.inputs(), batch.targets());
            let gradient_of = |net: &Dropping, context, gradient: &mut Dropping| {
                net.gradient_with(context, inputs, targets, &MeanSquaredError, gradient)
            };
            let goes_on =
                run.step_along(&mut *own, &mut optimizer, batch.len(), &mut *gradient, gradient_of);
            if !goes_on.unwrap() {
                break;
            }
        }
        let validate = |net: &Dropping| Validation::of(net, &test, &MeanSquaredError).map(Some);
        run.end_epoch(&mut *own, &mut optimizer, validate).unwrap();
    }
    let found = run.finish(&mut *own, &mut optimizer).unwrap();
    assert_eq!(own, net);
    assert_eq!((found.stop, found.kept), (history.stop, history.kept));
    for (found, expected) in found.epochs.iter().zip(&history.epochs) {
        assert_eq!((found.number, found.loss), (expected.number, expected.loss));
        assert_eq!(
            (found.learning_rate, &found.validation),
            (expected.learning_rate, &expected.validation)
        );
    }
    assert_eq!(found.epochs.len(), history.epochs.len());
}

/// Several networks in a struct, in a loop that is interrupted.
#[cfg(feature = "files")]
#[test]
fn a_struct_of_networks_goes_on_in_a_loop_of_ones_own() {
    #[repr(C)]
    #[derive(Parameters, PartialEq, Debug)]
    #[parameters(scalar = f32)]
    struct Pair {
        first: Line,
        second: Line,
    }
    let data = curve(16);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pair.ckpt");
    let run = |epochs, resumes: bool| {
        let mut pair = Pair::random(&mut rng());
        let (mut optimizer, mut gradient) = (Adam::new(0.01), Pair::zeros());
        let mut run = TrainingLoop::new().epochs(epochs).checkpoint(&path);
        if resumes {
            pair.fill(0.5);
            run = run.resume(&path);
        }
        run.begin(&mut *pair, &mut optimizer, &mut rng()).unwrap();
        while run.next_epoch(&mut *pair, &mut optimizer).unwrap() {
            let order = run.order(data.len());
            let batch = data.select(order);
            let of = |pair: &Pair, _, gradient: &mut Pair| {
                let (x, y) = (batch.inputs(), batch.targets());
                pair.first.gradient_into(x, y, &MeanSquaredError, &mut gradient.first)
                    + pair.second.gradient_into(x, y, &Huber, &mut gradient.second)
            };
            run.step_along(&mut *pair, &mut optimizer, batch.len(), &mut *gradient, of).unwrap();
            run.end_epoch(&mut *pair, &mut optimizer, |_| Ok(None)).unwrap();
        }
        let history = run.finish(&mut *pair, &mut optimizer).unwrap();
        (pair, history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>())
    };
    let whole = run(6, false);
    run(2, false);
    assert_eq!(run(6, true), whole);
}

/// As many epochs, steps and samples as there can be none of, or one.
#[test]
fn none_and_one() {
    let data = curve(1);
    let start = Line::random(&mut rng());
    let mut net = start.clone();
    let history = trainer().epochs(0).early_stopping(1).fit(&mut *net, &data, &mut rng()).unwrap();
    assert_eq!((history.epochs.len(), &net), (0, &start));
    let history = trainer().epochs(1).validate_on(&data).fit(&mut *net, &data, &mut rng()).unwrap();
    assert_eq!(history.kept.unwrap().epoch, 1);
    assert_eq!(history.kept.unwrap().score.metric, "loss", "R² of one sample is not defined");
}
