//! Slips in a loop of one's own, and epochs that are not validated.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axonal::Error;
use axonal::prelude::*;
use axonal::training::{Callback, Training, TrainingLoop, Validation};

network! { struct Line<input 1 => dense 4 tanh => dense 1>; }

type Data = Dataset<SVector<f32, 1>, SVector<f32, 1>>;

fn data() -> Data {
    (0..16).map(|i| i as f32 / 16.0).map(|x| ([x].into(), [x * x].into())).collect()
}

struct Parts {
    net: Box<Line>,
    optimizer: Adam,
    rng: StdRng,
    data: Data,
}

impl Parts {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        Self { net: Line::random(&mut rng), optimizer: Adam::new(0.02), rng, data: data() }
    }

    fn begin<C: Callback<Line>>(&mut self, run: &mut TrainingLoop<f32, C>) {
        run.begin(&mut *self.net, &mut self.optimizer, &mut self.rng).unwrap();
    }

    fn next<C: Callback<Line>>(&mut self, run: &mut TrainingLoop<f32, C>) -> bool {
        run.next_epoch(&mut *self.net, &mut self.optimizer).unwrap()
    }

    fn step<C: Callback<Line>>(&mut self, run: &mut TrainingLoop<f32, C>) -> Result<bool, Error> {
        let data = &self.data;
        run.step(&mut *self.net, &mut self.optimizer, data.len(), |net, optimizer| {
            net.train_step(data.inputs(), data.targets(), &MeanSquaredError, optimizer)
        })
    }

    fn end<C: Callback<Line>>(&mut self, run: &mut TrainingLoop<f32, C>, validates: bool) {
        let data = &self.data;
        run.end_epoch(&mut *self.net, &mut self.optimizer, |net| {
            validates.then(|| Validation::of(net, data, &MeanSquaredError)).transpose()
        })
        .unwrap();
    }
}

#[track_caller]
fn panics(expected: &str, run: impl FnOnce(&mut Parts)) {
    let payload = catch_unwind(AssertUnwindSafe(|| run(&mut Parts::new()))).unwrap_err();
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let text = text.unwrap();
    assert!(text.contains(expected), "{text}");
}

struct Looks;

impl Callback<Line> for Looks {
    const TAKES_GRADIENT: bool = true;

    fn on_gradient(&mut self, _: &mut Training<'_, Line>, _: &mut Line) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn calls_that_are_left_out_are_named() {
    let new = || TrainingLoop::<f32>::new().epochs(3);
    panics("begins with `TrainingLoop::begin`", |parts| _ = parts.next(&mut new()));
    panics("`TrainingLoop::next_epoch` begins", |parts| {
        let mut run = new();
        parts.begin(&mut run);
        _ = parts.step(&mut run);
    });
    panics("ends with `TrainingLoop::end_epoch`", |parts| {
        let mut run = new();
        parts.begin(&mut run);
        while parts.next(&mut run) {
            parts.step(&mut run).unwrap();
        }
    });
    panics("`TrainingLoop::next_epoch` has begun", |parts| {
        let mut run = new();
        parts.begin(&mut run);
        parts.end(&mut run, false);
    });
    panics("one step at least", |_| _ = new().steps(0));
}

/// Never a setting without an effect.
#[test]
fn settings_that_a_step_cannot_follow_are_named() {
    let first_step = |run: TrainingLoop| {
        move |parts: &mut Parts| {
            let mut run = run;
            parts.begin(&mut run);
            parts.next(&mut run);
            parts.step(&mut run).unwrap();
        }
    };
    let new = TrainingLoop::<f32>::new;
    for run in [new().clip_norm(1.0), new().clip_value(1.0), new().l1(0.1), new().l2(0.1)] {
        panics("`TrainingLoop::step_along`", first_step(run));
    }
    panics("`TrainingLoop::step_along`", |parts| {
        let mut run = new().callback(Looks);
        parts.begin(&mut run);
        parts.next(&mut run);
        parts.step(&mut run).unwrap();
    });
    for schedule in [Schedule::Cosine.by_step(), Schedule::one_cycle()] {
        panics("needs the number of steps", first_step(new().schedule(schedule.clone())));
        first_step(new().schedule(schedule).steps(1))(&mut Parts::new());
    }
}

/// An epoch that is not validated has a training loss alone, which is not to be compared with a score.
#[test]
fn every_third_epoch_is_validated() {
    let mut parts = Parts::new();
    let mut run = TrainingLoop::<f32>::new().epochs(10).early_stopping(5);
    parts.begin(&mut run);
    let mut nets = vec![parts.net.clone()];
    for epoch in 1.. {
        if !parts.next(&mut run) {
            break;
        }
        parts.step(&mut run).unwrap();
        parts.end(&mut run, epoch % 3 == 0);
        nets.push(parts.net.clone());
    }
    let history = run.finish(&mut *parts.net, &mut parts.optimizer).unwrap();
    let kept = history.kept.unwrap();
    let scores =
        [3, 6, 9].map(|epoch| history.epochs[epoch - 1].validation.as_ref().unwrap().score);
    assert_eq!((history.epochs.len(), kept.score.metric), (10, "R²"));
    assert_eq!(kept.score.value, scores.into_iter().fold(f64::NEG_INFINITY, f64::max));
    assert_eq!(parts.net, nets[kept.epoch]);
}

/// Without validation, `"loss"` is the training loss: for which no weights are kept.
#[test]
fn the_loss_without_validation_is_that_of_training() {
    for metric in ["loss", "training loss"] {
        let Parts { mut net, optimizer, mut rng, data } = Parts::new();
        let mut trainer = Trainer::new(MeanSquaredError, optimizer).epochs(3).monitor(metric);
        let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
        assert_eq!(history.kept, None);
    }
}

#[test]
fn an_error_of_the_programs_own_is_given_back() {
    struct Sensor;
    impl<N: Parameters> Callback<N> for Sensor {
        fn on_epoch_end(&mut self, _: &mut Training<'_, N>) -> Result<(), Error> {
            "warm".parse::<f32>().map(drop).map_err(Error::other)
        }
    }
    let Parts { mut net, optimizer, mut rng, data } = Parts::new();
    let mut trainer = Trainer::new(MeanSquaredError, optimizer).callback(Sensor);
    let error = trainer.fit(&mut *net, &data, &mut rng).unwrap_err();
    assert_eq!(error.to_string(), "invalid float literal");
    let Error::Other(source) = error else { panic!("another error") };
    assert!(source.is::<std::num::ParseFloatError>());
}
