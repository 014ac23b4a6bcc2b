//! Millions of weights, in a debug build, on a thread with the stack that threads have: 2 MiB.
//!
//! A package of its own: the gate builds it at every level of optimization, in a release build beside the examples.
#![cfg(test)]

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

network! {
    /// Blocks with 128 KiB or more between their layers each: in one pass they have one buffer, not the sum of them.
    struct Blocks<input 4x64x64
        => residual { conv 4 1x1 relu => conv 4 1x1 } project { conv 4 1x1 => conv 4 1x1 } relu
        => residual { conv 4 1x1 relu => conv 4 1x1 } project { conv 4 1x1 => conv 4 1x1 } relu
        => residual { conv 4 1x1 relu => conv 4 1x1 } project { conv 4 1x1 => conv 4 1x1 } relu
        => residual { conv 4 1x1 relu => conv 4 1x1 } project { conv 4 1x1 => conv 4 1x1 } relu
        => concat { conv 2 1x1 => concat { conv 1 1x1 => relu } { conv 1 1x1 => relu } } { conv 2 1x1 => relu }
        => global avgpool => dense 2>;
}

#[test]
fn buffers_of_blocks_do_not_add_up() {
    fn run<T: axonal::Scalar>()
    where
        Blocks<T>: Network<Scalar = T, Input = Image<4, 64, 64, T>, Output = SVector<T, 2>>,
    {
        let net = <Blocks<T> as Network>::random(&mut StdRng::seed_from_u64(1));
        let inputs: Vec<Image<4, 64, 64, T>> = bytemuck::zeroed_vec(2);
        let mut outputs = vec![SVector::<T, 2>::zeros(); 2];
        net.forward_batch(&inputs, &mut outputs);
        assert_eq!(net.forward(&inputs[1]), outputs[1]);
    }
    // The largest pair of neighbours, and the largest of those in a block: a projection, and what is between its layers.
    let image = 4 * 64 * 64;
    assert_eq!(<Blocks as axonal::Layer>::ROOM_FOR_ONE, 2 * image + 2 * image);
    on_a_default_stack(run::<f32>);
    on_a_default_stack(run::<f64>);
}

network! {
    /// Three megabytes between two layers.
    struct Pictures<input 3x112x112
        => conv 64 1x1 relu
        => residual { conv 64 1x1 groups 64 } project { conv 64 1x1 groups 64 }
        => maxpool 8x8 => global avgpool => dense 2>;
}

#[test]
fn large_images_have_room() {
    on_a_default_stack(|| {
        let mut net = Pictures::random(&mut StdRng::seed_from_u64(1));
        let mut inputs = vec![Image::<3, 112, 112>::default(); 2];
        inputs[1].as_mut_slice().fill(0.5);
        let mut outputs = vec![SVector::zeros(); 2];
        net.forward_batch(&inputs, &mut outputs);
        assert!((outputs[1] - net.forward(&inputs[1])).norm() < 1e-5);
        assert_ne!(outputs[0], outputs[1]);
        let targets = [0, 1].map(|class| Class::<2>::new(class).unwrap());
        let loss = net.train_step(&inputs, &targets, &CrossEntropy, &mut Sgd::new(0.01));
        assert!(net.loss(&inputs, &targets, &CrossEntropy) < loss);
    });
}
