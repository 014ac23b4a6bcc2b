//! Every number that an optimizer is given is checked where it is given.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use axonal::optimizers::{State, Update};
use axonal::prelude::*;

use crate::training::Line;

/// Of the user's own.
struct Own(State<f32>);

impl Optimizer<f32> for Own {
    fn moments(&self) -> &'static [&'static str] {
        &[]
    }

    fn state(&self) -> &State<f32> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<f32> {
        &mut self.0
    }

    fn update(&self, _: Update<'_, f32>) {}
}

thread_local! {
    /// The file of the last panic of this thread.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The message of a panic, and the file that it names.
fn panic_of(set: impl FnOnce()) -> Option<(String, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map_or_else(String::new, |place| place.file().to_owned());
            PLACE.with_borrow_mut(|place| *place = file);
            before(info);
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(set)).err()?;
    let message = panic.downcast_ref::<String>().expect("a formatted message").clone();
    Some((message, PLACE.with_borrow(String::clone)))
}

/// `$name` is refused out of its range, with a sentence and the caller's place, and taken within.
macro_rules! table {
    ($($name:literal, $range:ident: $(|$value:ident| $setting:expr),+;)+) => {
        /// The setters, and how many numbers were tried.
        fn check_all() -> usize {
            let mut tried = 0;
            $($(
                let set = |$value: f64| {
                    let _ = $setting;
                };
                let (text, bad, good) = $range();
                for value in bad {
                    let what = format!("{}, {value}", stringify!($setting));
                    let (message, place) = panic_of(|| set(value)).expect(&what);
                    assert_eq!(message, format!("{} is {text}, found {value}", $name), "{what}");
                    assert_eq!(place, file!(), "{what}");
                    tried += 1;
                }
                for value in good {
                    assert_eq!(panic_of(|| set(value)), None, "{}, {value}", stringify!($setting));
                    tried += 1;
                }
            )+)+
            tried
        }
    };
}

type Range = (&'static str, Vec<f64>, Vec<f64>);

fn rate() -> Range {
    // 1e39 is infinite in `f32`.
    let bad = vec![-1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39];
    ("a finite number from 0 on", bad, vec![0.0, 1e-3, 1.0, 100.0])
}

fn share() -> Range {
    let bad = vec![1.0, 2.0, -0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    ("from 0 to 1, without 1", bad, vec![0.0, 0.5, 0.999])
}

fn divisor() -> Range {
    // 1e-60 is 0 in `f32`.
    let bad = vec![0.0, -1e-8, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-60, 1e39];
    ("a finite number above 0", bad, vec![1e-10, 1e-8, 1.0])
}

table! {
    "a learning rate", rate:
        |x| Sgd::<f32>::new(x),
        |x| AdaGrad::<f32>::new(x),
        |x| RmsProp::<f32>::new(x),
        |x| Adam::<f32>::new(x),
        |x| AdamW::<f32>::new(x),
        |x| NAdam::<f32>::new(x),
        |x| RAdam::<f32>::new(x),
        |x| Adadelta::<f32>::new(x),
        |x| Lion::<f32>::new(x),
        |x| State::<f32>::new(x),
        |x| State::<f32>::new(0.1).set_learning_rate(x),
        |x| Sgd::<f32>::new(0.1).set_learning_rate(x),
        |x| AdaGrad::<f32>::new(0.1).set_learning_rate(x),
        |x| RmsProp::<f32>::new(0.1).set_learning_rate(x),
        |x| Adam::<f32>::new(0.1).set_learning_rate(x),
        |x| AdamW::<f32>::new(0.1).set_learning_rate(x),
        |x| NAdam::<f32>::new(0.1).set_learning_rate(x),
        |x| RAdam::<f32>::new(0.1).set_learning_rate(x),
        |x| Adadelta::<f32>::new(0.1).set_learning_rate(x),
        |x| Lion::<f32>::new(0.1).set_learning_rate(x),
        |x| Box::new(Adam::<f32>::new(0.1)).set_learning_rate(x),
        |x| Own(State::new(0.1)).set_learning_rate(x);
    "a momentum", share:
        |x| Sgd::<f32>::new(0.1).momentum(x),
        |x| RmsProp::<f32>::new(0.1).momentum(x);
    "the smoothing α", share:
        |x| RmsProp::<f32>::new(0.1).alpha(x);
    "β₁", share:
        |x| Adam::<f32>::new(0.1).betas(x, 0.9),
        |x| AdamW::<f32>::new(0.1).betas(x, 0.9),
        |x| NAdam::<f32>::new(0.1).betas(x, 0.9),
        |x| RAdam::<f32>::new(0.1).betas(x, 0.9),
        |x| Lion::<f32>::new(0.1).betas(x, 0.9);
    "β₂", share:
        |x| Adam::<f32>::new(0.1).betas(0.9, x),
        |x| AdamW::<f32>::new(0.1).betas(0.9, x),
        |x| NAdam::<f32>::new(0.1).betas(0.9, x),
        |x| RAdam::<f32>::new(0.1).betas(0.9, x),
        |x| Lion::<f32>::new(0.1).betas(0.9, x);
    "the smoothing ρ", share:
        |x| Adadelta::<f32>::new(0.1).rho(x);
    "a momentum decay", rate:
        |x| NAdam::<f32>::new(0.1).momentum_decay(x);
    "ε", divisor:
        |x| AdaGrad::<f32>::new(0.1).epsilon(x),
        |x| RmsProp::<f32>::new(0.1).epsilon(x),
        |x| Adam::<f32>::new(0.1).epsilon(x),
        |x| AdamW::<f32>::new(0.1).epsilon(x),
        |x| NAdam::<f32>::new(0.1).epsilon(x),
        |x| RAdam::<f32>::new(0.1).epsilon(x),
        |x| Adadelta::<f32>::new(0.1).epsilon(x);
    "a weight decay", rate:
        |x| Sgd::<f32>::new(0.1).weight_decay(x),
        |x| AdaGrad::<f32>::new(0.1).weight_decay(x),
        |x| RmsProp::<f32>::new(0.1).weight_decay(x),
        |x| Adam::<f32>::new(0.1).weight_decay(x),
        |x| AdamW::<f32>::new(0.1).weight_decay(x),
        |x| NAdam::<f32>::new(0.1).weight_decay(x),
        |x| RAdam::<f32>::new(0.1).weight_decay(x),
        |x| Adadelta::<f32>::new(0.1).weight_decay(x),
        |x| Lion::<f32>::new(0.1).weight_decay(x),
        |x| { Adam::new(0.1).set_weight_decay(&*Line::zeros(), |net| net, x); },
        |x| { Own(State::new(0.1)).set_weight_decay(&*Line::zeros(), |net| &net.dense1.bias, x); };
    "a learning rate decay", rate:
        |x| AdaGrad::<f32>::new(0.1).learning_rate_decay(x);
    "a factor of the learning rate", rate:
        |x| { Adam::new(0.1).scale_learning_rate(&*Line::zeros(), |net| net, x); },
        |x| { Own(State::new(0.1)).scale_learning_rate(&*Line::zeros(), |net| &net.dense1.bias, x); };
}

#[test]
fn every_setter_of_every_optimizer_checks_its_number() {
    assert!(check_all() > 300);
}

/// Where the type is not known, the place is not the caller's; the sentence is there.
#[test]
fn optimizers_in_boxes_check_too() {
    let mut optimizers: Vec<Box<dyn Optimizer<f32>>> =
        vec![Box::new(Sgd::new(0.1)), Box::new(Own(State::new(0.1)))];
    for optimizer in &mut optimizers {
        let (message, _) = panic_of(|| optimizer.set_learning_rate(-1.0)).unwrap();
        assert_eq!(message, "a learning rate is a finite number from 0 on, found -1");
        assert_eq!(optimizer.learning_rate(), 0.1);
    }
}
