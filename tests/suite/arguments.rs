//! What only a programmer can get wrong panics, with a sentence that says what was expected: a table of all such arguments.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axonal::data::{self, Fill};
use axonal::evaluation::Threshold;
use axonal::prelude::*;

network! { struct Net<input 2 => dense 1>; }

/// The sentence of a panic.
fn sentence(f: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    Some(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
}

/// A value that no line needs.
fn ignored<T>(_: T) {}

fn trainer() -> Trainer<MeanSquaredError, Sgd> {
    Trainer::new(MeanSquaredError, Sgd::new(0.1))
}

#[test]
fn wrong_arguments_panic_with_a_sentence() {
    let data: Dataset<i32, i32> = (0..5).map(|i| (i, i)).collect();
    let net = Net::zeros();
    let inputs = [SVector::from([1.0, 2.0])];
    let schedule = |schedule: Schedule| move || drop(trainer().schedule(schedule));
    let factor = |schedule: Schedule, epochs| move || ignored(schedule.factor(0.0, epochs));
    let mut gradient = Net::zeros();
    let mut other = Net::zeros();
    type Call<'a> = Box<dyn FnOnce() + 'a>;
    let table: Vec<(&str, Call<'_>, &str)> = vec![
        ("batch_size(0)", Box::new(|| drop(trainer().batch_size(0))), "a batch takes one sample"),
        ("batches(0)", Box::new(|| ignored(data.batches(0).count())), "a batch takes one sample"),
        (
            "Step, epochs: 0",
            Box::new(schedule(Schedule::Step { epochs: 0, factor: 0.5 })),
            "one epoch at least",
        ),
        (
            "Step, factor: -1",
            Box::new(schedule(Schedule::Step { epochs: 1, factor: -1.0 })),
            "a finite number from 0 on",
        ),
        (
            "Exponential, factor: NaN",
            Box::new(schedule(Schedule::Exponential { factor: f64::NAN })),
            "a finite number from 0 on",
        ),
        (
            "CosineOver, epochs: 0",
            Box::new(schedule(Schedule::CosineOver { epochs: 0 })),
            "one epoch at least",
        ),
        ("factor of 0 epochs", Box::new(factor(Schedule::Cosine, 0)), "one epoch at least"),
        (
            "factor of a wrong step",
            Box::new(factor(Schedule::Step { epochs: 0, factor: 0.5 }, 3)),
            "one epoch at least",
        ),
        ("Huber::new(0)", Box::new(|| ignored(Huber::new(0.0))), "finite and above 0"),
        ("Huber::new(-1)", Box::new(|| ignored(Huber::new(-1.0))), "finite and above 0"),
        ("Huber::new(∞)", Box::new(|| ignored(Huber::new(f64::INFINITY))), "finite and above 0"),
        ("Quantile::new(1)", Box::new(|| ignored(Quantile::new(1.0))), "a share between 0 and 1"),
        ("Quantile::new(NaN)", Box::new(|| ignored(Quantile::new(f64::NAN))), "between 0 and 1"),
        ("Focal.gamma(-1)", Box::new(|| ignored(Focal.gamma(-1.0))), "finite, from 0 on"),
        ("Focal.alpha(2)", Box::new(|| ignored(Focal.alpha(2.0))), "a share from 0 to 1"),
        ("Triplet::new(0)", Box::new(|| ignored(Triplet::new(0.0))), "a margin is finite"),
        ("Contrastive::new(NaN)", Box::new(|| ignored(Contrastive::new(f64::NAN))), "a margin"),
        ("scaled(∞)", Box::new(|| ignored(Huber.scaled(f64::INFINITY))), "by a finite number"),
        (
            "label_smoothing(1.5)",
            Box::new(|| ignored(CrossEntropy.label_smoothing(1.5))),
            "from 0 to 1",
        ),
        (
            "a loss of outputs without targets",
            Box::new(|| {
                let targets: [SVector<f32, 2>; 0] = [];
                ignored(MeanSquaredError.value(&inputs, &targets));
            }),
            "there are 1 outputs and 0 targets",
        ),
        (
            "a gradient of outputs without room",
            Box::new(|| ignored(MeanSquaredError.gradient(&inputs, &inputs, &mut []))),
            "there are 1 outputs and 0 gradients",
        ),
        ("Threshold of NaN", Box::new(|| ignored(Threshold::new(f64::NAN))), "not NaN"),
        (
            "forward_batch without outputs",
            Box::new(|| net.forward_batch(&inputs, &mut [])),
            "as many outputs as inputs, found 1 inputs and 0 outputs",
        ),
        (
            "loss without targets",
            Box::new(|| {
                net.loss::<SVector<f32, 1>, _>(&inputs, &[], &MeanSquaredError);
            }),
            "as many targets as inputs, found 1 inputs and 0 targets",
        ),
        (
            "select of a sample that is not there",
            Box::new(|| drop(data.select([5]))),
            "no sample 5",
        ),
        (
            "from_slice of two numbers",
            Box::new(|| ignored(Net::<f32>::from_slice(&[0.0; 2]))),
            "its 3 parameters, found 2 numbers",
        ),
        (
            "clip_norm(-1)",
            Box::new(|| {
                gradient.clip_norm(-1.0);
            }),
            "a number from 0 on",
        ),
        (
            "clip_value(NaN)",
            Box::new(|| {
                other.clip_value(f32::NAN);
            }),
            "a number from 0 on",
        ),
        (
            "fill_missing of infinity",
            Box::new(|| drop(data::csv("x.csv").fill_missing(Fill::Constant(f64::INFINITY)))),
            "a finite number",
        ),
        ("set_num_threads(0)", Box::new(|| axonal::set_num_threads(0)), "1 or more"),
    ];
    for (what, call, expected) in table {
        let found = sentence(call).unwrap_or_else(|| panic!("{what} does not panic"));
        assert!(found.contains(expected), "{what}: {found}");
    }
}

#[test]
fn nothing_to_do_is_no_mistake() {
    let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> =
        (0..5_u8).map(|i| ([f32::from(i), 1.0].into(), [0.5].into())).collect();
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Net::random(&mut rng);
    let before = net.clone();
    let history = trainer().epochs(0).fit(&mut *net, &data, &mut rng).unwrap();
    assert!(history.epochs.is_empty());
    assert_eq!(net, before);
}
