//! Schedules and plateaus against PyTorch's, whose numbers `tests/fixtures/schedules.py` makes.

use std::panic::catch_unwind;

use approx::assert_abs_diff_eq;
use axonal::training::{Plateau, PlateauState, Schedule};

/// The numbers of a line of the fixture.
fn pytorch(name: &str) -> Vec<f64> {
    let lines = include_str!("../fixtures/schedules.txt").lines();
    let mut named = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let numbers = named.next().unwrap_or_else(|| panic!("no line `{name}`"));
    numbers.split(' ').map(|number| number.parse().unwrap()).collect()
}

/// In each of the epochs.
fn assert_is(name: &str, schedule: &Schedule, epochs: usize) {
    for (epoch, expected) in pytorch(name).into_iter().enumerate() {
        let found = schedule.factor(epoch as f64, epochs);
        assert!((found - expected).abs() < 1e-12, "{name}, epoch {epoch}: {found}, not {expected}");
    }
}

#[test]
fn rates_are_those_of_pytorch() {
    assert_is("step", &Schedule::Step { epochs: 3, factor: 0.5 }, 7);
    assert_is("multi_step", &Schedule::MultiStep { epochs: vec![2, 5, 5, 9], factor: 0.3 }, 7);
    assert_is("exponential", &Schedule::Exponential { factor: 0.9 }, 7);
    assert_is("polynomial", &Schedule::Polynomial { power: 1.5 }, 10);
    assert_is("linear", &Schedule::Polynomial { power: 1.0 }, 10);
    assert_is("cosine", &Schedule::Cosine, 10);
    assert_is("cosine", &Schedule::CosineOver { epochs: 10 }, 3);
    assert_is("cosine", &Schedule::Cosine.over(10), 3);
    assert_is("cosine_eta_min", &Schedule::Cosine.down_to(0.2), 10);
    assert_is("restarts", &Schedule::CosineRestarts { epochs: 4, multiple: 1 }, 7);
    let longer = Schedule::CosineRestarts { epochs: 3, multiple: 2 }.down_to(0.1);
    assert_is("restarts_longer", &longer, 7);
    assert_is("lambda", &Schedule::from_fn(|epoch, _| 1.0 / (1.0 + 0.5 * epoch)), 7);
    assert_is("warm_up", &Schedule::Step { epochs: 3, factor: 0.5 }.warm_up(4.0), 12);
    assert_is("warm_up_cosine", &Schedule::Cosine.warm_up_from(0.1, 2.0), 12);
}

/// Where an epoch is ten steps, all of what PyTorch does step by step is at the positions between.
#[test]
fn by_step_positions_lie_between_epochs() {
    for (name, epochs, schedule) in [
        ("polynomial", 1, Schedule::Polynomial { power: 1.5 }.by_step()),
        ("cosine", 1, Schedule::Cosine.by_step()),
        ("cosine_eta_min", 1, Schedule::Cosine.by_step().down_to(0.2)),
        ("cosine_eta_min", 1, Schedule::Cosine.down_to(0.2).by_step()),
        (
            "warm_up",
            2,
            Schedule::from_fn(|t, _| 0.5_f64.powf((10.0 * t / 3.0 + 1e-9).floor()))
                .by_step()
                .warm_up(0.4),
        ),
        ("warm_up_cosine", 3, Schedule::Cosine.over(1).warm_up_from(0.1, 0.2).by_step()),
    ] {
        assert!(schedule.is_by_step(), "{name}");
        for (step, expected) in pytorch(name).into_iter().enumerate() {
            let found = schedule.factor(step as f64 / 10.0, epochs);
            assert!((found - expected).abs() < 1e-12, "{name}, {step}: {found}, not {expected}");
        }
    }
}

/// PyTorch has the peak one step before the end of the rise, and the least rate in the last step: both parts are as long as here, and one step earlier.
#[test]
fn one_cycle_is_that_of_pytorch() {
    let other = Schedule::OneCycle { pct_start: 0.5, div_factor: 10.0, final_div_factor: 100.0 };
    for (name, schedule, steps, peak) in
        [("one_cycle", Schedule::one_cycle(), 50, 15), ("one_cycle_other", other, 20, 10)]
    {
        assert!(schedule.is_by_step());
        let rates = pytorch(name);
        assert_eq!(rates.len(), steps);
        for (step, expected) in rates.into_iter().enumerate() {
            let position = if step < peak {
                step as f64 / (peak - 1) as f64 * peak as f64
            } else {
                (step + 1) as f64
            };
            let found = schedule.factor(position / 10.0, steps / 10);
            assert!((found - expected).abs() < 1e-12, "{name}, {step}: {found}, not {expected}");
        }
    }
}

#[test]
fn what_is_not_by_step_has_one_factor_an_epoch() {
    let step = Schedule::Step { epochs: 2, factor: 0.5 };
    for schedule in [
        Schedule::Constant,
        step.clone(),
        Schedule::MultiStep { epochs: vec![1, 3], factor: 0.5 },
        Schedule::Exponential { factor: 0.9 },
        Schedule::Polynomial { power: 2.0 },
        Schedule::Cosine,
        Schedule::CosineOver { epochs: 3 },
        Schedule::CosineRestarts { epochs: 2, multiple: 2 },
        Schedule::Cosine.down_to(0.1),
        Schedule::Cosine.over(6),
        Schedule::from_fn(|epoch, epochs| epoch / epochs),
    ] {
        assert!(!schedule.is_by_step(), "{schedule:?}");
        for epoch in 0..8 {
            let [at, within] = [0.0, 0.99].map(|part| schedule.factor(f64::from(epoch) + part, 5));
            assert_eq!(at, within, "{schedule:?}, {epoch}");
        }
        // After a warm-up too, and of none nothing is seen.
        let warm = schedule.clone().warm_up(1.0);
        assert_eq!(warm.factor(3.5, 6), schedule.factor(2.0, 5), "{schedule:?}");
        assert_eq!(schedule.clone().warm_up(0.0).factor(2.0, 5), schedule.factor(2.0, 5));
    }
    // Several times by step is by step.
    let once = step.clone().by_step();
    assert_eq!(once.clone().by_step(), once);
    assert_ne!(once, step);
}

/// A training that is shorter than its warm-up, one of an epoch, one of many, and what comes after the end.
#[test]
fn short_and_long_trainings() {
    let warm = Schedule::Cosine.by_step().warm_up_from(0.0, 5.0);
    assert_eq!(warm.factor(0.0, 3), 0.0);
    assert_abs_diff_eq!(warm.factor(2.5, 3), 0.5, epsilon = 1e-15);
    assert_eq!(warm.factor(5.0, 3), 0.0, "nothing is left");
    for (position, expected) in [(0.0, 0.04), (0.3, 1.0), (1.0, 4e-6)] {
        let found = Schedule::one_cycle().factor(position, 1);
        assert_abs_diff_eq!(found, expected, epsilon = 1e-15);
    }
    for (pct_start, first) in [(0.0, 1.0), (1.0, 0.04)] {
        let cycle = Schedule::OneCycle { pct_start, div_factor: 25.0, final_div_factor: 1e4 };
        assert_abs_diff_eq!(cycle.factor(0.0, 2), first, epsilon = 1e-15);
    }
    for schedule in
        [Schedule::Cosine, Schedule::Polynomial { power: 1.0 }, Schedule::Cosine.over(9)]
    {
        assert_eq!([9.0, 10.0, 1e9].map(|position| schedule.factor(position, 9)), [0.0; 3]);
    }
    let restarts = Schedule::CosineRestarts { epochs: 1, multiple: 1 }.by_step();
    assert_abs_diff_eq!(restarts.factor(1e6 + 0.5, 9), 0.5, epsilon = 1e-9);
    let longer = Schedule::CosineRestarts { epochs: 1, multiple: 2 };
    assert_eq!(longer.factor(1023.0, 9), 1.0, "the eleventh begins");
}

#[test]
fn what_a_plateau_does_is_what_that_of_pytorch_does() {
    let base = Plateau::default();
    let half = base.factor(0.5).patience(1);
    for (name, plateau) in [
        ("plateau_patience_10", base),
        ("plateau_patience_2", base.patience(2)),
        ("plateau_patience_0", half.patience(0)),
        ("plateau_cooldown", half.cooldown(3)),
        ("plateau_least", half.patience(0).min_factor(0.2)),
        ("plateau_difference", half.min_difference(0.05)),
        ("plateau_relative", half.min_delta(0.05)),
        ("plateau_larger", half),
        ("plateau_larger_difference", half.min_difference(0.2)),
    ] {
        let larger = name.starts_with("plateau_larger");
        let scores = pytorch(if larger { "larger_scores" } else { "scores" });
        let mut state = PlateauState::default();
        let mut before = 1.0;
        for (epoch, (score, expected)) in scores.into_iter().zip(pytorch(name)).enumerate() {
            let is_reduced = state.observe(&plateau, score, larger);
            let found = state.factor();
            assert!((found - expected).abs() < 1e-12, "{name}, {epoch}: {found}, not {expected}");
            assert_eq!(is_reduced, found < before, "{name}, {epoch}");
            before = found;
        }
    }
}

/// PyTorch takes a part of a negative score as what makes it worse: then every score is better than a best one below 0.
#[test]
fn scores_that_are_negative_infinite_or_not_there() {
    let plateau = Plateau::default().patience(0).min_delta(0.5);
    let reduced = |scores: &[f64]| {
        let mut state = PlateauState::default();
        scores.iter().map(|score| state.observe(&plateau, *score, false)).collect::<Vec<_>>()
    };
    assert_eq!(reduced(&[-1.0, -1.2, -2.0]), [false, true, false]);
    assert_eq!(reduced(&[f64::NAN, f64::NAN, 1.0]), [true, true, false]);
    assert_eq!(reduced(&[f64::INFINITY, f64::INFINITY, 1.0, 0.4]), [false, true, false, false]);
    assert_eq!(reduced(&[f64::NEG_INFINITY, 0.0]), [false, true]);
}

#[test]
fn what_cannot_be_panics() {
    let schedules: [fn() -> Schedule; 14] = [
        || Schedule::Step { epochs: 0, factor: 0.5 },
        || Schedule::MultiStep { epochs: vec![], factor: f64::NAN },
        || Schedule::Exponential { factor: -1.0 },
        || Schedule::Polynomial { power: -1.0 },
        || Schedule::CosineRestarts { epochs: 0, multiple: 1 },
        || Schedule::CosineRestarts { epochs: 1, multiple: 0 },
        || Schedule::OneCycle { pct_start: 1.5, div_factor: 1.0, final_div_factor: 1.0 },
        || Schedule::OneCycle { pct_start: 0.5, div_factor: 0.0, final_div_factor: 1.0 },
        || Schedule::Cosine.warm_up(-1.0),
        || Schedule::Cosine.warm_up_from(f64::INFINITY, 1.0),
        || Schedule::Cosine.down_to(2.0),
        || Schedule::Cosine.over(0),
        || Schedule::from_fn(|_, _| f64::NAN),
        || Schedule::Exponential { factor: f64::INFINITY }.by_step(),
    ];
    for (index, schedule) in schedules.into_iter().enumerate() {
        assert!(catch_unwind(|| schedule().factor(0.0, 1)).is_err(), "{index}");
    }
    for position in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(catch_unwind(|| Schedule::Constant.factor(position, 1)).is_err(), "{position}");
    }
    assert!(catch_unwind(|| Schedule::Constant.factor(0.0, 0)).is_err());
    for number in [-0.1, 1.1, f64::NAN] {
        assert!(catch_unwind(|| Plateau::default().factor(number)).is_err());
        assert!(catch_unwind(|| Plateau::default().min_factor(number)).is_err());
    }
    assert!(catch_unwind(|| Plateau::default().min_delta(f64::INFINITY)).is_err());
}
