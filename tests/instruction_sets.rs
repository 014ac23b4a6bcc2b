//! Every pass gives the same on every instruction set that the machine has. A process of its own: it chooses the instruction set.
#![cfg(all(feature = "train", feature = "files"))]

mod common;

use axonal::optimizers::{Rule, State, Update};
use axonal::prelude::*;
use axonal::simd::{InstructionSet, Vector};
use axonal::{Layer, Scalar, Simd, Trainable};
use common::on_each_instruction_set;
use common::samples::{classes, numbers};

/// All numbers are as near to the first set's as the largest of them allows.
fn assert_agree(results: &[(InstructionSet, Vec<f64>)], tolerance: f64) {
    let (_, expected) = &results[0];
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.0 && largest.is_finite());
    for (set, values) in results {
        assert_eq!(values.len(), expected.len());
        for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
            assert!(
                (value - expected).abs() <= tolerance * largest,
                "number {index}: {value} on {set}, {expected} on the first"
            );
        }
    }
}

fn wide<'a, T: axonal::Scalar>(values: impl IntoIterator<Item = &'a T>) -> Vec<f64> {
    values.into_iter().map(|value| value.as_f64()).collect()
}

network! {
    struct Digits<input 64 => dense 32 sigmoid => dense 10>;
    struct Odd<input 67 => dense 39 gelu => dense 23 no_bias elu(1.0) => dense 5 softmax>;
    struct Narrow<input 1 => dense 2 tanh => dense 1 softplus => dense 3 selu => dense 2>;
    struct Large<input 200 => dense 129 silu => dense 70 leaky_relu(0.01) => dense 3 => hard_sigmoid>;
    struct Sum<input 67 => dense 1>;
    struct Soft<input 17 => dense 31 softmax => dense 9 softsign => relu => dense 4>;
}

macro_rules! agree {
    ($($name:ident: $net:ident<$scalar:ty>, $tolerance:expr;)+) => {$(
        #[test]
        fn $name() {
            type Net = $net<$scalar>;
            let mut rng = StdRng::seed_from_u64(8);
            let net = <Net as Network>::random(&mut rng);
            for samples in [1, 2, 5, 12, 33, 130] {
                let inputs = numbers(samples, &mut rng);
                let targets = classes(samples, &mut rng);
                assert_agree(&on_each_instruction_set(|_| wide(net.forward(&inputs[0]).iter())), $tolerance);
                assert_agree(
                    &on_each_instruction_set(|_| {
                        let mut outputs = vec![SVector::zeros(); samples];
                        net.forward_batch(&inputs, &mut outputs);
                        wide(outputs.iter().flatten())
                    }),
                    $tolerance,
                );
                assert_agree(
                    &on_each_instruction_set(|_| {
                        let (_, gradient) = net.gradient(&inputs, &targets, &CrossEntropy);
                        wide(gradient.as_slice())
                    }),
                    $tolerance,
                );
                assert_agree(
                    &on_each_instruction_set(|_| wide(&[net.loss(&inputs, &targets, &CrossEntropy)])),
                    $tolerance,
                );
            }
        }
    )+};
}

agree! {
    digits_f32: Digits<f32>, 2e-6;
    digits_f64: Digits<f64>, 2e-14;
    odd_f32: Odd<f32>, 2e-6;
    odd_f64: Odd<f64>, 2e-14;
    narrow_f32: Narrow<f32>, 2e-6;
    narrow_f64: Narrow<f64>, 2e-14;
    large_f32: Large<f32>, 2e-6;
    large_f64: Large<f64>, 2e-14;
    soft_f32: Soft<f32>, 2e-6;
    soft_f64: Soft<f64>, 2e-14;
}

macro_rules! optimizers_agree {
    ($($name:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut rng = StdRng::seed_from_u64(9);
            let start = Odd::<f64>::random(&mut rng);
            let inputs = numbers(33, &mut rng);
            let targets = classes(33, &mut rng);
            let results = on_each_instruction_set(|_| {
                let mut net = start.clone();
                let mut optimizer = $optimizer;
                for _ in 0..5 {
                    net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
                }
                wide(net.as_slice())
            });
            // Adam and its kin divide by gradients that may be next to nothing.
            assert_agree(&results, 1e-9);
        }
    )+};
}

optimizers_agree! {
    sgd: Sgd::new(0.1).momentum(0.9).nesterov().weight_decay(0.01);
    adagrad: AdaGrad::new(0.1);
    rmsprop: RmsProp::new(0.01).momentum(0.5);
    adam: Adam::new(0.01).weight_decay(0.01);
    adamw: AdamW::new(0.01);
    amsgrad: Adam::new(0.01).betas(0.9, 0.8).amsgrad();
    nadam: NAdam::new(0.01).weight_decay(0.01);
    radam: RAdam::new(0.01).betas(0.9, 0.9);
    adadelta: Adadelta::new(1.0).weight_decay(0.01);
    lion: Lion::new(0.01).weight_decay(0.01);
}

/// The same set gives the same bits, and what an optimizer's memory holds from the batch before does not matter.
#[test]
fn memory_used_before_changes_no_bit() {
    let mut rng = StdRng::seed_from_u64(10);
    let start = Odd::<f32>::random(&mut rng);
    let many = (numbers(700, &mut rng), classes(700, &mut rng));
    let poison = (vec![SVector::repeat(f32::NAN); 700], classes(700, &mut rng));
    let few = (numbers(13, &mut rng), classes(13, &mut rng));
    let results = on_each_instruction_set(|_| {
        let mut fresh = start.clone();
        fresh.train_step(&few.0, &few.1, &CrossEntropy, &mut Sgd::new(0.1));
        for (inputs, targets) in [&many, &poison] {
            let mut optimizer = Sgd::new(0.1);
            // A network of its own, whose weights are thrown away: only the optimizer's memory is used again.
            start.clone().train_step(inputs, targets, &CrossEntropy, &mut optimizer);
            let mut net = start.clone();
            net.train_step(&few.0, &few.1, &CrossEntropy, &mut optimizer);
            assert_eq!(net.as_slice(), fresh.as_slice());
        }
        let mut outputs = [vec![SVector::repeat(f32::NAN); 13], vec![SVector::zeros(); 13]];
        for outputs in &mut outputs {
            start.forward_batch(&few.0, outputs);
        }
        assert_eq!(outputs[0], outputs[1]);
    });
    assert!(!results.is_empty());
}

/// A set of vector instructions rounds sums in another way than the baseline: where training gives the same bits, it was not used.
#[cfg(target_arch = "x86_64")]
#[test]
fn training_uses_the_set() {
    let mut rng = StdRng::seed_from_u64(11);
    let net = Sum::<f32>::random(&mut rng);
    let inputs = numbers::<f32, 67>(40, &mut rng);
    let targets = [SVector::zeros(); 2];
    for batch in [1, 2] {
        let losses = on_each_instruction_set(|_| {
            let losses = inputs
                .chunks(batch)
                .map(|inputs| net.loss(inputs, &targets[..batch], &MeanSquaredError));
            losses.collect::<Vec<_>>()
        });
        let ((_, baseline), others) = losses.split_first().unwrap();
        for (set, losses) in others {
            assert_ne!(losses, baseline, "batches of {batch} on {set}");
        }
    }
}

#[test]
fn sets_that_the_machine_lacks_change_nothing() {
    on_each_instruction_set(|set| {
        let missing =
            if cfg!(target_arch = "x86_64") { InstructionSet::Neon } else { InstructionSet::Avx2 };
        assert!(!InstructionSet::force(missing));
        assert_eq!(InstructionSet::current(), set);
    });
}

/// Adam of the user's own, with the public API alone.
#[derive(Clone)]
struct OwnAdam<T>(State<T>);

impl<T: Scalar> Optimizer<T> for OwnAdam<T> {
    fn moments(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn state(&self) -> &State<T> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<T> {
        &mut self.0
    }

    fn update(&self, tensor: Update<'_, T>) {
        let corrections = [0.9, 0.999].map(|beta: f64| 1.0 - beta.powi(tensor.step as i32));
        let root = corrections[1].sqrt();
        let rule = OwnAdamRule {
            rate: tensor.learning_rate * root / corrections[0],
            epsilon: 1e-8 * root,
            decay: tensor.weight_decay.unwrap_or(0.1),
        };
        tensor.apply(rule);
    }
}

struct OwnAdamRule {
    rate: f64,
    epsilon: f64,
    decay: f64,
}

impl<T: Scalar> Rule<T, 2> for OwnAdamRule {
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        w: Vector<T, S>,
        g: Vector<T, S>,
        [m, v]: [Vector<T, S>; 2],
    ) -> (Vector<T, S>, [Vector<T, S>; 2]) {
        let g = w.constant(self.decay).mul_add(w, g);
        let m = w.constant(0.9).mul_add(m, w.constant(1.0 - 0.9) * g);
        let v = w.constant(0.999).mul_add(v, w.constant(1.0 - 0.999) * g * g);
        let scaled = m / (v.sqrt() + w.constant(self.epsilon));
        (w.constant(-self.rate).mul_add(scaled, w), [m, v])
    }
}

/// Gradient descent in plain Rust. With a rate and a momentum that are powers of two, products are exact, and fused or not makes no difference.
#[derive(Clone)]
struct OwnSgd<T>(State<T>);

impl<T: Scalar> Optimizer<T> for OwnSgd<T> {
    fn moments(&self) -> &'static [&'static str] {
        &["momentum_buffer"]
    }

    fn state(&self) -> &State<T> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<T> {
        &mut self.0
    }

    fn update(&self, tensor: Update<'_, T>) {
        let rate = T::of(tensor.learning_rate);
        let (parameters, gradient, [momentum]) = tensor.slices();
        assert_eq!(parameters.len(), gradient.len());
        for ((w, g), v) in parameters.iter_mut().zip(&*gradient).zip(momentum) {
            *v = T::of(0.5) * *v + *g;
            *w -= rate * *v;
        }
    }
}

network! {
    /// One with whole vectors, of whose weights a sample's gradient is never stored, and others.
    struct Trained<input 9 => first: dense 64 tanh => middle: dense 16 tanh => last: dense 3>;
}

fn bits<T: Scalar>(numbers: &[T]) -> Vec<u64> {
    numbers.iter().map(|number| number.as_f64().to_bits()).collect()
}

/// An optimizer of the user's own does to the bit what that of the library does: in steps, along gradients, in a trainer, in a box.
fn assert_same<T, A, B>(ours: &A, own: &B, sizes: &[usize])
where
    T: Scalar,
    Trained<T>: Trainable<CrossEntropy, Class<3>>
        + Layer<Input = SVector<T, 9>, Output = SVector<T, 3>>
        + Parameters<Scalar = T>,
    A: Optimizer<T> + Clone + 'static,
    B: Optimizer<T> + Clone + 'static,
{
    fn set<T: Scalar>(optimizer: &mut impl Optimizer<T>, net: &Trained<T>)
    where
        Trained<T>: Network + Parameters<Scalar = T>,
    {
        optimizer
            .freeze(net, |net| &net.middle.weight)
            .scale_learning_rate(net, |net| &net.first, 0.5)
            .set_weight_decay(net, |net| &net.last.weight, 0.0);
    }
    for (samples, has_settings) in sizes.iter().flat_map(|size| [(*size, false), (*size, true)]) {
        let mut rng = StdRng::seed_from_u64(samples as u64);
        let start = <Trained<T> as Network>::random(&mut rng);
        let (inputs, targets) = (numbers::<T, 9>(samples, &mut rng), classes(samples, &mut rng));
        let data = Dataset::new(inputs.clone(), targets.clone()).unwrap();
        let place = format!("{samples} samples, {has_settings}");

        let (mut net, mut ours) = (start.clone(), ours.clone());
        let (mut stepped, mut own_stepped) = (start.clone(), own.clone());
        let (mut applied, mut own_applied) = (start.clone(), own.clone());
        let (mut boxed, mut own_boxed) =
            (start.clone(), Box::new(own.clone()) as Box<dyn Optimizer<T>>);
        if has_settings {
            set(&mut ours, &net);
            set(&mut own_stepped, &net);
            set(&mut own_applied, &net);
            set(&mut own_boxed, &net);
        }
        let loss = &CrossEntropy;
        for _ in 0..3 {
            net.train_step(&inputs, &targets, loss, &mut ours);
            stepped.train_step(&inputs, &targets, loss, &mut own_stepped);
            boxed.train_step(&inputs, &targets, loss, &mut own_boxed);
            let (_, gradient) = applied.gradient(&inputs, &targets, loss);
            assert!(own_applied.apply(&mut *applied, &gradient));
        }
        let expected = bits(net.as_slice());
        assert_ne!(expected, bits(start.as_slice()), "{place}");
        for (name, found) in [("step", &stepped), ("apply", &applied), ("box", &boxed)] {
            assert!(bits(found.as_slice()) == expected, "{name}, {place}");
        }
        for name in ours.moments() {
            let expected = bits(ours.state().moment(name).unwrap());
            assert_eq!(expected.len(), start.as_slice().len());
            assert!(expected.iter().any(|bits| *bits != 0), "{name}, {place}");
            for state in [own_stepped.state(), own_applied.state(), own_boxed.state()] {
                assert!(bits(state.moment(name).unwrap()) == expected, "{name}, {place}");
            }
        }

        let mut fitted = [start.clone(), start.clone()];
        let [by_ours, by_own] = &mut fitted;
        let rng = || StdRng::seed_from_u64(5);
        Trainer::new(CrossEntropy, ours).epochs(2).fit(&mut *by_ours, &data, &mut rng()).unwrap();
        Trainer::new(CrossEntropy, own_stepped)
            .epochs(2)
            .fit(&mut *by_own, &data, &mut rng())
            .unwrap();
        let [ours, own] = fitted.each_ref().map(|net| bits(net.as_slice()));
        assert!(ours == own && ours != bits(start.as_slice()), "a trainer, {place}");
    }
}

#[test]
fn optimizers_of_the_users_own_give_the_same_bits() {
    on_each_instruction_set(|_| {
        assert_same::<f32, _, _>(
            &Adam::new(0.01).weight_decay(0.1),
            &OwnAdam(State::new(0.01)),
            &[1, 2, 33, 100],
        );
        assert_same::<f64, _, _>(
            &Adam::new(0.01).weight_decay(0.1),
            &OwnAdam(State::new(0.01)),
            &[1, 2, 33, 100],
        );
        assert_same::<f32, _, _>(
            &Sgd::new(0.125).momentum(0.5),
            &OwnSgd(State::new(0.125)),
            &[1, 33],
        );
        assert_same::<f64, _, _>(
            &Sgd::new(0.125).momentum(0.5),
            &OwnSgd(State::new(0.125)),
            &[1, 33],
        );
    });
}

#[test]
fn the_set_is_restored_after_a_panic_too() {
    let best = on_each_instruction_set(|set| set).last().map(|(set, _)| *set);
    let panic = std::panic::catch_unwind(|| {
        on_each_instruction_set(|set| assert!(Some(set) == best, "{set}"))
    });
    assert_eq!(panic.is_err(), InstructionSet::available().count() > 1);
    let mut sets = on_each_instruction_set(|set| assert_eq!(InstructionSet::current(), set));
    assert_eq!(sets.pop().map(|(set, ())| set), best);
}
