//! The state of an optimizer, saved and loaded: a training goes on as if it had not stopped.

use std::fs;

use axonal::optimizers::{State, Update};
use axonal::{Error, prelude::*};
use safetensors::{Dtype, SafeTensors};

network! {
    struct Part<input 3 => dense 5 => batchnorm => tanh => dropout 0.3>;
    struct Net<input 3 => Part => hidden: dense 4 relu => dense 2>;
    struct Images<input 2x6x6 => conv 3 3x3 => prelu => flatten => dense 2>;
    struct Small<input 3 => dense 4 tanh => dense 2>;
    struct Empty<input 2 => relu>;
}

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
struct Twins {
    nets: [Small; 2],
    other: Net,
}

/// After some steps, with a frozen layer: an optimizer that was saved and loaded takes the same step, in bytes and in a file.
macro_rules! goes_on {
    ($T:ty, $network:ident, $inputs:expr, $make:expr) => {{
        let inputs = $inputs;
        let targets: Vec<SVector<$T, 2>> =
            (0..inputs.len()).map(|i| [(i as $T).sin(), (i as $T).cos()].into()).collect();
        let mut net = $network::<$T>::random(&mut StdRng::seed_from_u64(1));
        let mut optimizer = $make;
        optimizer.state_mut().set_seed(u64::MAX - 5);
        for _ in 0..3 {
            net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
        }
        optimizer.set_learning_rate(0.1 + 0.2);
        let mut same = net.clone();
        let mut other = $make;
        let bytes = optimizer.state_to_bytes(&*net);
        other.load_state_bytes(&*same, &bytes).unwrap();
        assert_eq!(other.state_to_bytes(&*same), bytes);
        assert_eq!(format!("{:?}", other.state()), format!("{:?}", optimizer.state()));
        for name in optimizer.moments() {
            let [found, expected] = [&other, &optimizer].map(|o| o.state().moment(name).unwrap());
            assert_eq!(found, expected, "{name}");
            assert!(found.iter().any(|number| *number != 0.0), "{name}");
        }
        for _ in 0..2 {
            net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
            same.train_step(&inputs, &targets, &MeanSquaredError, &mut other);
        }
        assert_eq!(net, same);
        let (mut fresh, mut afresh) = (net.clone(), net.clone());
        fresh.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
        afresh.train_step(&inputs, &targets, &MeanSquaredError, &mut $make);
        assert_ne!(fresh, afresh, "the state counts");
    }};
}

fn vectors<T: axonal::Scalar>() -> Vec<SVector<T, 3>> {
    let number = |i: i32| T::of(f64::from(i * 37 % 11) / 5.0 - 1.0);
    (0..6).map(|i| SVector::from([number(3 * i), number(3 * i + 1), number(3 * i + 2)])).collect()
}

fn images<T: axonal::Scalar>() -> Vec<Image<2, 6, 6, T>> {
    let image = |seed: usize| {
        let mut image = Image::default();
        for (index, pixel) in image.as_mut_slice().iter_mut().enumerate() {
            *pixel = T::of(((index * 31 + seed * 7) % 13) as f64 / 6.0 - 1.0);
        }
        image
    };
    (0..4).map(image).collect()
}

macro_rules! optimizers {
    ($($name:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $name() {
            goes_on!(f32, Net, vectors(), $optimizer);
            goes_on!(f64, Net, vectors(), $optimizer);
            goes_on!(f32, Images, images(), $optimizer);
            goes_on!(f64, Images, images(), $optimizer);
        }
    )+};
}

optimizers! {
    sgd: Sgd::new(0.05);
    sgd_momentum: Sgd::new(0.05).momentum(0.9);
    adagrad: AdaGrad::new(0.1).learning_rate_decay(0.1);
    rmsprop: RmsProp::new(0.01);
    rmsprop_momentum: RmsProp::new(0.01).momentum(0.5);
    adam: Adam::new(0.01);
    adamw: AdamW::new(0.01).weight_decay(0.1);
    adam_amsgrad: Adam::new(0.01).amsgrad();
    nadam: NAdam::new(0.01).momentum_decay(0.1);
    radam: RAdam::new(0.01).betas(0.9, 0.9).weight_decay(0.1).decoupled_weight_decay();
    adadelta: Adadelta::new(10.0);
    lion: Lion::new(0.01).weight_decay(0.1);
}

#[test]
fn frozen_layers_structs_boxes_and_files() {
    let make = || -> Box<dyn Optimizer<f32>> { Box::new(Adam::new(0.01)) };
    let mut twins = Twins::random(&mut StdRng::seed_from_u64(2));
    let mut gradient = Twins::random(&mut StdRng::seed_from_u64(3));
    let mut optimizer = make();
    optimizer.freeze(&*twins, |twins| &twins.nets[1]);
    for _ in 0..3 {
        optimizer.apply(&mut *twins, &gradient);
        gradient.scale(0.5);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.safetensors");
    optimizer.save_state(&*twins, &path).unwrap();

    // What is frozen is said by the program, and not by the file.
    let mut same = Twins::zeros();
    same.lerp(&twins, 1.0);
    let mut other = make();
    other.freeze(&*same, |twins| &twins.nets[1]);
    other.load_state(&*same, &path).unwrap();
    optimizer.apply(&mut *twins, &gradient);
    other.apply(&mut *same, &gradient);
    assert!(twins.as_slice() == same.as_slice());
    optimizer.unfreeze(&*twins, |twins| twins);
    other.unfreeze(&*twins, |twins| twins);
    optimizer.apply(&mut *twins, &gradient);
    other.apply(&mut *same, &gradient);
    assert!(twins.as_slice() == same.as_slice());

    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor("state.nets.0.dense1.weight.exp_avg").unwrap();
    assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, &[4, 3][..]));
    assert!(!file.names().iter().any(|name| name.contains("running")), "{:?}", file.names());
}

/// The orientation: a moment is written as its weight is.
#[test]
fn names_and_shapes_are_pytorchs() {
    let mut net = Small::<f64>::random(&mut StdRng::seed_from_u64(5));
    let mut optimizer = Sgd::new(0.1).momentum(0.9);
    optimizer.prepare(&*net);
    optimizer.state_mut().set_moment("momentum_buffer", net.as_slice());
    optimizer.state_mut().set_steps((1 << 40) + 1);
    let (weights, state) = (net.to_bytes(), optimizer.state_to_bytes(&*net));
    let (weights, file) =
        (SafeTensors::deserialize(&weights).unwrap(), SafeTensors::deserialize(&state).unwrap());
    for name in ["dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"] {
        let moment = file.tensor(&format!("state.{name}.momentum_buffer")).unwrap();
        assert_eq!(moment, weights.tensor(name).unwrap());
        let step = file.tensor(&format!("state.{name}.step")).unwrap();
        assert_eq!((step.dtype(), step.shape()), (Dtype::F32, &[][..]));
        assert_eq!(step.data(), ((1_u64 << 40) as f32).to_le_bytes());
    }
    assert_eq!(file.len(), 8);
    let (_, header) = SafeTensors::read_metadata(&state).unwrap();
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata["steps"], ((1_u64 << 40) + 1).to_string());
    assert_eq!((&*metadata["seed"], &*metadata["learning_rate"]), ("0", "0.1"));

    let mut other = Sgd::new(0.3).momentum(0.9);
    other.load_state_bytes(&*net, &state).unwrap();
    assert_eq!(other.state().steps(), (1 << 40) + 1);
    assert_eq!(other.state().moment("momentum_buffer"), Some(net.as_slice()));
    net.fill(0.0);
}

const PYTORCH: &str = "tests/fixtures/optimizer_state.safetensors";

#[test]
fn a_state_of_pytorchs() {
    let bytes = fs::read(PYTORCH).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |name: &str| -> Vec<f32> {
        let data = file.tensor(name).unwrap().data().to_vec();
        data.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    };
    let inputs: Vec<_> = numbers("inputs").chunks(3).map(SVector::from_column_slice).collect();
    let targets: Vec<_> = numbers("targets").chunks(2).map(SVector::from_column_slice).collect();
    let [mut net, expected] = ["before", "after"].map(|prefix| {
        let mut net = Small::zeros();
        net.load_from(PYTORCH, prefix).unwrap();
        net
    });
    let mut optimizer = Adam::new(0.01);
    optimizer.state_mut().set_seed(3);
    optimizer.load_state(&*net, PYTORCH).unwrap();
    let state = optimizer.state();
    assert_eq!((state.steps(), state.seed(), state.learning_rate()), (3, 3, 0.01));
    net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    for (found, expected) in net.as_slice().iter().zip(expected.as_slice()) {
        assert!((found - expected).abs() < 1e-6, "{found}, PyTorch has {expected}");
    }

    // PyTorch's `SGD` counts no steps.
    let momentum = |name: &String| name.ends_with(".exp_avg");
    let tensors = file.tensors().into_iter().filter(|(name, _)| momentum(name));
    let tensors =
        tensors.map(|(name, tensor)| (name.replace("exp_avg", "momentum_buffer"), tensor));
    let bytes = safetensors::serialize(tensors, None).unwrap();
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    sgd.load_state_bytes(&*net, &bytes).unwrap();
    assert_eq!(sgd.state().steps(), 0);
    assert_eq!(
        sgd.state().moment("momentum_buffer").unwrap()[1],
        numbers("state.dense1.weight.exp_avg")[3]
    );
}

#[test]
fn before_the_first_step() {
    let mut net = Small::random(&mut StdRng::seed_from_u64(1));
    let bytes = Adam::<f32>::new(0.01).state_to_bytes(&*net);
    let mut optimizer = Adam::default();
    let start = net.clone();
    optimizer.apply(&mut *net, &start);
    optimizer.load_state_bytes(&*net, &bytes).unwrap();
    assert_eq!(optimizer.state().steps(), 0);
    assert!(optimizer.state().moment("exp_avg").unwrap().iter().all(|number| *number == 0.0));

    // No parameters, and no moments.
    let empty = Empty::<f32>::zeros();
    let bytes = Adam::<f32>::new(0.01).state_to_bytes(&*empty);
    Adam::<f32>::new(0.1).load_state_bytes(&*empty, &bytes).unwrap();
}

/// What does not fit is refused, with the names of what was expected and found, and nothing changes.
#[test]
fn what_does_not_fit() {
    let (mut net, mut optimizer) = (Small::random(&mut StdRng::seed_from_u64(1)), Adam::new(0.01));
    let gradient = net.clone();
    optimizer.apply(&mut *net, &gradient);
    let adam = optimizer.state_to_bytes(&*net);

    fn refused<O: Optimizer<f32>>(mut optimizer: O, bytes: &[u8], expected: &str) {
        let mut net = Small::random(&mut StdRng::seed_from_u64(2));
        let gradient = net.clone();
        optimizer.apply(&mut *net, &gradient);
        let before = optimizer.state_to_bytes(&*net);
        let error = optimizer.load_state_bytes(&*net, bytes).unwrap_err();
        assert!(matches!(error, Error::OptimizerState { .. }));
        assert_eq!(error.to_string(), format!("optimizer state, {expected}"));
        assert_eq!(optimizer.state_to_bytes(&*net), before);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::write(&path, bytes).unwrap();
        let error = optimizer.load_state(&*net, &path).unwrap_err().to_string();
        let rest = expected.split_once(": expected").unwrap().1;
        assert!(error.ends_with(rest) && error.contains(path.to_str().unwrap()), "{error}");
        assert_eq!(optimizer.state_to_bytes(&*net), before);
    }
    refused(
        Sgd::new(0.1).momentum(0.9),
        &adam,
        "tensor `state.dense1.weight.momentum_buffer`: expected F32 [4, 3], found no tensor of this name, but \
         `state.dense1.weight.exp_avg`, `state.dense1.weight.exp_avg_sq`, `state.dense1.weight.step`",
    );
    refused(
        Sgd::new(0.1),
        &adam,
        "tensor `state.dense1.weight.exp_avg`: expected no such tensor: of each parameter this optimizer keeps nothing, found F32 [4, 3]",
    );
    refused(
        Adam::new(0.1),
        &net.to_bytes(),
        "tensor `state.dense1.weight.exp_avg`: expected F32 [4, 3], found no tensor of this name (the file has `dense1.bias`, `dense1.weight`, \
         `dense2.bias`, `dense2.weight`)",
    );
    network! {
        struct Wide<input 3 => dense 5 tanh => dense 2>;
        struct Deep<input 3 => dense 4 tanh => dense 2 => dense 1>;
    }
    let wide = Adam::<f32>::new(0.1).state_to_bytes(&*Wide::zeros());
    refused(
        Adam::new(0.1),
        &wide,
        "tensor `state.dense1.weight.exp_avg`: expected F32 [4, 3], found F32 [5, 3]",
    );
    let deep = Adam::<f32>::new(0.1).state_to_bytes(&*Deep::zeros());
    refused(
        Adam::new(0.1),
        &deep,
        "tensor `state.dense3.weight.exp_avg`: expected no such tensor: of each parameter this optimizer keeps `exp_avg`, `exp_avg_sq`, found F32 [1, 2]",
    );
    refused(Adam::new(0.1), b"", "header: expected a safetensors file, found an empty file");

    // The metadata, and the steps beside the moments.
    let with = |old: &str, new: &str| {
        assert_eq!(old.len(), new.len());
        let mut bytes = adam.clone();
        let at = bytes.windows(old.len()).position(|part| part == old.as_bytes()).unwrap();
        bytes[at..][..new.len()].copy_from_slice(new.as_bytes());
        bytes
    };
    refused(
        Adam::new(0.1),
        &with(r#""steps":"1""#, r#""steps":"2""#),
        "`steps` in `__metadata__`: expected 1, as in `state.dense1.weight.step`, found 2",
    );
    refused(
        Adam::new(0.1),
        &with(r#""seed":"0""#, r#""seed":"x""#),
        "`seed` in `__metadata__`: expected a whole number, found `x`",
    );
    refused(
        Adam::new(0.1),
        &with(r#":"0.01""#, r#":"-0.1""#),
        "`learning_rate` in `__metadata__`: expected a finite number from 0 on, found -0.1",
    );
    let of_steps = |step: [f32; 2]| {
        let file = SafeTensors::deserialize(&adam).unwrap();
        let bytes = step.map(|step| step.to_le_bytes().to_vec());
        let mut first = true;
        let mut names: Vec<_> = file.tensors();
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        let tensors: Vec<_> = names
            .iter()
            .map(|(name, tensor)| {
                if !name.ends_with(".step") {
                    return (name.clone(), tensor.clone());
                }
                let bytes = if core::mem::take(&mut first) { &bytes[0] } else { &bytes[1] };
                let step = safetensors::tensor::TensorView::new(Dtype::F32, vec![], bytes);
                (name.clone(), step.unwrap())
            })
            .collect();
        safetensors::serialize(tensors, None).unwrap()
    };
    refused(
        Adam::new(0.1),
        &of_steps([4.0, 3.0]),
        "tensor `state.dense1.bias.step`: expected 3 steps, as in `state.dense1.weight.step`, found 4",
    );
    refused(
        Adam::new(0.1),
        &of_steps([f32::NAN, f32::NAN]),
        "tensor `state.dense1.weight.step`: expected a whole number of steps, found NaN",
    );
    refused(
        Adam::new(0.1),
        &of_steps([-1.0, -1.0]),
        "tensor `state.dense1.weight.step`: expected a whole number of steps, found -1",
    );
    let mut good = Adam::new(0.1);
    good.load_state_bytes(&*net, &of_steps([7.0, 7.0])).unwrap();
    assert_eq!(good.state().steps(), 7);
}

/// Cut short or changed at any place, a state is refused or read: nothing panics.
#[test]
fn hostile_bytes() {
    let net = Small::random(&mut StdRng::seed_from_u64(1));
    let bytes = Adam::<f32>::new(0.01).state_to_bytes(&*net);
    let mut optimizer = Adam::new(0.1);
    for end in 0..bytes.len() {
        assert!(optimizer.load_state_bytes(&*net, &bytes[..end]).is_err(), "{end} bytes");
    }
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in 0..header {
        for new in [b'0', b'"', b'}', b'x', 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] = new;
            let _ = optimizer.load_state_bytes(&*net, &bytes);
        }
    }
}

/// One of the user's own, with a moment that is called as PyTorch's count of steps is.
struct Own(State<f64>);

impl Optimizer<f64> for Own {
    fn moments(&self) -> &'static [&'static str] {
        &["step", "strange \"name\""]
    }

    fn state(&self) -> &State<f64> {
        &self.0
    }

    fn state_mut(&mut self) -> &mut State<f64> {
        &mut self.0
    }

    fn update(&self, tensor: Update<'_, f64>) {
        let step = tensor.step as f64;
        let (parameters, gradient, [a, b]) = tensor.slices();
        for (((w, g), a), b) in parameters.iter_mut().zip(&*gradient).zip(a).zip(b) {
            (*a, *b) = (*a + g, 0.5 * *b - g);
            *w -= (*a + *b) / step;
        }
    }
}

#[test]
fn of_ones_own() {
    goes_on!(f64, Net, vectors(), Own(State::new(0.01)));
}

#[test]
#[should_panic(expected = "belongs to the network that it stepped first")]
fn of_another_network() {
    let mut optimizer = Adam::<f32>::new(0.1);
    optimizer.prepare(&*Small::zeros());
    optimizer.state_to_bytes(&*Empty::zeros());
}

#[test]
#[should_panic(expected = "there is no moment `exp_avg` to set")]
fn a_moment_before_the_first_step() {
    Adam::<f32>::new(0.1).state_mut().set_moment("exp_avg", &[]);
}

#[test]
#[should_panic(expected = "a number for each of the network's 26 parameters, found 2")]
fn a_moment_of_another_length() {
    let mut optimizer = Adam::<f32>::new(0.1);
    optimizer.prepare(&*Small::zeros());
    optimizer.state_mut().set_moment("exp_avg", &[1.0, 2.0]);
}
