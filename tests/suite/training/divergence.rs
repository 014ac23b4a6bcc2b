//! NaN and infinity end a training run, and leave the last good weights.

use axonal::Error;
use axonal::prelude::*;

use super::{Line, curve};

fn epoch_and_step(error: &Error) -> (usize, usize) {
    match error {
        Error::Diverged { epoch, step, .. } => (*epoch, *step),
        other => panic!("{other}"),
    }
}

fn trainer(rate: f64) -> Trainer<MeanSquaredError, Sgd> {
    Trainer::new(MeanSquaredError, Sgd::new(rate)).epochs(10).batch_size(2).shuffle(false)
}

#[test]
fn nan_in_an_input_or_a_target() {
    for in_target in [false, true] {
        let mut data = curve(20);
        if in_target {
            data.targets_mut()[7][0] = f32::NAN;
        } else {
            data.inputs_mut()[7][1] = f32::NAN;
        }
        let mut rng = StdRng::seed_from_u64(1);
        let mut net = Line::random(&mut rng);
        let mut by_hand = net.clone();
        let mut trainer = trainer(0.1);
        let error = trainer.fit(&mut *net, &data, &mut rng).unwrap_err();
        assert_eq!(epoch_and_step(&error), (1, 4));
        assert_eq!(trainer.optimizer().state().steps(), 0, "the moments start anew");
        let text = error.to_string();
        assert!(
            text.starts_with("training diverged in epoch 1, step 4: the loss is NaN"),
            "{text}"
        );

        // The weights of the three good steps are kept.
        let mut optimizer = Sgd::new(0.1);
        for (inputs, targets) in data.batches(2).take(3) {
            by_hand.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
        }
        assert_eq!(net, by_hand);
    }
}

#[test]
fn a_learning_rate_that_is_too_large() {
    network! { struct Linear<input 2 => dense 4 relu => dense 1>; }
    let data = curve(40);
    for rate in [10.0, 1e3, 1e8, 1e15, 1e19, 1e25, 1e38] {
        let mut rng = StdRng::seed_from_u64(1);
        let mut net = Linear::random(&mut rng);
        let result = trainer(rate).fit(&mut *net, &data, &mut rng);
        assert!(net.as_slice().iter().all(|weight| weight.is_finite()), "rate {rate}");
        if let Err(error) = result {
            let (epoch, step) = epoch_and_step(&error);
            assert!((1..=10).contains(&epoch) && (1..=20).contains(&step));
            assert!(error.to_string().contains("try a smaller learning rate"));
        } else {
            assert!(rate < 1e8, "rate {rate} went well");
        }
        // The weights left are some that a batch has found good; of these short epochs, the first one.
        let loss = net.loss(&data.inputs()[..2], &data.targets()[..2], &MeanSquaredError);
        assert!(loss.is_finite(), "rate {rate}: the weights left have the loss {loss}");
    }
}

#[test]
fn a_last_step_that_goes_wrong() {
    let mut data = curve(2);
    data.targets_mut().fill(SVector::from([1e3]));
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let start = net.clone();
    let error = trainer(3e38).epochs(1).fit(&mut *net, &data, &mut rng).unwrap_err();
    assert_eq!(epoch_and_step(&error), (1, 1));
    assert_eq!(net, start);
}

/// As in training: it stops, and the weights are the last good ones.
#[test]
fn validation_data_with_nan() {
    let data = curve(10);
    for (in_target, value) in [(false, f32::NAN), (true, f32::NAN), (true, f32::INFINITY)] {
        let mut other = curve(10);
        if in_target {
            other.targets_mut()[3][0] = value;
        } else {
            other.inputs_mut()[3][0] = value;
        }
        let mut rng = StdRng::seed_from_u64(1);
        let mut net = Line::random(&mut rng);
        let mut one_epoch = net.clone();
        let mut trainer = trainer(0.1).validate_on(&other);
        let error = trainer.fit(&mut *net, &data, &mut rng).unwrap_err();
        let Error::DivergedInValidation { epoch: 1, loss, sample: Some(3) } = error else {
            panic!("{error}")
        };
        assert!(!loss.is_finite());
        let text = error.to_string();
        let start = format!(
            "the validation loss after epoch 1 is {loss}, and so is that of validation sample 3 (counted from 0)"
        );
        assert!(text.starts_with(&start), "{text}");
        assert_eq!(trainer.optimizer().state().steps(), 0, "the moments start anew");

        // It is the data that are not good: the weights are those of the epoch.
        self::trainer(0.1).epochs(1).fit(&mut *one_epoch, &data, &mut rng).unwrap();
        assert_eq!(net, one_epoch);
    }
}

/// The last step's weights meet their first loss in validation.
#[test]
fn weights_that_go_wrong_in_validation() {
    network! { struct Linear<input 2 => dense 4 relu => dense 1>; }
    let data = curve(2);
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Linear::random(&mut rng);
    let start = net.clone();
    let mut trainer = trainer(1e25).epochs(3).validate_on(&data);
    let error = trainer.fit(&mut *net, &data, &mut rng).unwrap_err();
    assert!(matches!(error, Error::DivergedInValidation { epoch: 1, .. }), "{error}");
    assert_eq!(net, start);
}
