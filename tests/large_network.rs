//! Millions of weights, in a debug build, on a thread with the stack that threads have: 2 MiB.
#![cfg(feature = "std")]

use axonal::prelude::*;

network! { struct Large<input 1024 => dense 4096 relu => dense 256 tanh => dense 10>; }

fn on_a_default_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_network_of_five_million_weights_trains_and_travels() {
    const { assert!(Large::<f32>::PARAMETERS > 5_000_000) };
    on_a_default_stack(|| {
        let mut net = Large::random(&mut StdRng::seed_from_u64(1));
        let before = net.clone();
        let inputs: Vec<_> =
            (0..3).map(|sample| SVector::from_fn(|row, _| ((sample + row) as f32).sin())).collect();
        let targets = [3, 1, 4].map(|class| Class::<10>::new(class).unwrap());
        let mut optimizer = Adam::new(1e-4);
        let loss = net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
        assert!(loss.is_finite());
        assert!(net != before);
        assert!(net.loss(&inputs, &targets, &CrossEntropy) < loss);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large.safetensors");
        net.save(&path).unwrap();
        let loaded = Large::load(&path).unwrap();
        assert!(loaded == net);
        assert_eq!(loaded.forward(&inputs[0]), net.forward(&inputs[0]));
    });
}

#[test]
fn a_large_expression_is_made_on_the_heap() {
    on_a_default_stack(|| {
        let net = network!(< input 1024 => dense 1024 relu => dense 4 >);
        assert!(net.forward(&SVector::repeat(0.5)).iter().all(|value| value.is_finite()));
    });
}
