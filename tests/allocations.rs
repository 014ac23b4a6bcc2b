//! What a pass allocates: nothing. A process of its own: its allocator counts for all of it.
#![cfg(all(feature = "train", feature = "files"))]
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use axonal::prelude::*;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread allocates meanwhile (the default `realloc` and `alloc_zeroed` call `alloc`).
fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

network! { struct Net<input 70 => dense 33 gelu => dense 20 tanh => softsign => dense 5 softmax>; }

network! { struct Little<input 7 => dense 3>; }

/// Below four million multiply-adds: `forward_batch` stays on its thread.
const LARGEST: usize = 1200;

fn data() -> (Vec<SVector<f32, 70>>, Vec<Class<5>>) {
    let inputs = (0..LARGEST)
        .map(|index| SVector::from_fn(|row, _| ((index * 70 + row) as f32 * 0.37).sin()));
    (inputs.collect(), (0..LARGEST).map(|index| Class::new(index % 5).unwrap()).collect())
}

#[test]
fn the_count_sees_allocations() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1.0_f32; 100]))), 1);
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0.0_f32; 100]))), 1);
    assert_eq!(allocations(|| drop(Little::zeros())), 1);
    // It asks again for a large one that does not begin at a cache line.
    assert!(allocations(|| drop(Net::zeros())) >= 1);
}

#[test]
fn forward_passes_allocate_nothing() {
    let (inputs, _) = data();
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut outputs = vec![SVector::zeros(); LARGEST];
    // The first pass asks the environment for the instruction set.
    net.forward(&inputs[0]);
    assert_eq!(allocations(|| outputs[0] = net.forward(&inputs[0])), 0);
    for samples in [0, 1, 7, 100, LARGEST] {
        let count = allocations(|| net.forward_batch(&inputs[..samples], &mut outputs[..samples]));
        assert_eq!(count, 0, "{samples} samples");
    }
}

#[test]
fn a_gradient_into_memory_that_is_there_allocates_nothing() {
    let (inputs, targets) = data();
    let (inputs, targets) = (&inputs[..40], &targets[..40]);
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut gradient = Net::random(&mut StdRng::seed_from_u64(2));
    let expected = net.gradient(inputs, targets, &CrossEntropy);
    let mut loss = 0.0;
    let count = allocations(|| {
        loss = net.gradient_into(inputs, targets, &CrossEntropy, &mut gradient);
    });
    assert_eq!(count, 0);
    assert_eq!((loss, gradient), expected);
}

/// Gradient, clipping and step, after the first step.
#[test]
fn a_step_by_hand_allocates_nothing() {
    let (inputs, targets) = data();
    let (inputs, targets) = (&inputs[..40], &targets[..40]);
    let mut net = Net::random(&mut StdRng::seed_from_u64(1));
    let (mut gradient, mut optimizer) = (Net::zeros(), Adam::default());
    let mut step = || {
        let context = optimizer.context();
        net.gradient_with(context, inputs, targets, &CrossEntropy, &mut gradient);
        assert!(gradient.clip_norm(0.1) > 0.0 && gradient.clip_value(0.01) > 0.0);
        gradient.scale(2.0);
        assert!(optimizer.apply(&mut *net, &gradient));
    };
    step();
    assert_eq!(allocations(step), 0);
}

/// Gradients from those of outputs, of few samples and of many groups of pieces, Jacobians, and a step of several networks: after the first call.
#[test]
fn a_loop_with_gradients_of_outputs_allocates_nothing() {
    #[repr(C)]
    #[derive(Parameters)]
    #[parameters(scalar = f32)]
    struct Pair {
        first: Net,
        others: [Net; 2],
    }

    let (inputs, _) = data();
    let mut rng = StdRng::seed_from_u64(1);
    let (mut online, mut average) = (Pair::random(&mut rng), Pair::zeros());
    let (mut gradient, mut optimizer) = (Pair::zeros(), Adam::default());
    let mut outputs = vec![SVector::zeros(); LARGEST];
    let mut to_inputs = vec![SVector::zeros(); LARGEST];
    let mut jacobian = SMatrix::<f32, 5, 70>::zeros();
    for samples in [LARGEST, 0, 1, 40, LARGEST] {
        let inputs = &inputs[..samples];
        let (outputs, to_inputs) = (&mut outputs[..samples], &mut to_inputs[..samples]);
        let mut step = || {
            let context = optimizer.context();
            online.first.forward_with(context, inputs, outputs);
            online.first.backward(inputs, outputs, &mut gradient.first, Some(to_inputs));
            online.others[1].backward_with(context, inputs, outputs, None, Some(to_inputs));
            online.first.jacobian_into(&SVector::repeat(0.5), &mut jacobian);
            assert!(gradient.clip_norm(1.0).is_finite() && gradient.dot(&gradient) >= 0.0);
            assert!(optimizer.apply(&mut *online, &gradient));
            average.lerp(&online, 0.01);
        };
        step();
        assert_eq!(allocations(step), 0, "{samples} samples");
    }
}

macro_rules! optimizers {
    ($($name:ident: $optimizer:expr;)+) => {$(
        #[test]
        fn $name() {
            let (inputs, targets) = data();
            let mut net = Net::random(&mut StdRng::seed_from_u64(1));
            let mut optimizer = $optimizer;
            net.train_step(&inputs, &targets, &CrossEntropy, &mut optimizer);
            for samples in [LARGEST, 0, 1, 7, 100, LARGEST] {
                let (inputs, targets) = (&inputs[..samples], &targets[..samples]);
                let count = allocations(|| {
                    net.train_step(inputs, targets, &CrossEntropy, &mut optimizer);
                });
                assert_eq!(count, 0, "{samples} samples");
            }
        }
    )+};
}

optimizers! {
    sgd_allocates_nothing: Sgd::new(0.01);
    sgd_with_momentum_allocates_nothing: Sgd::new(0.01).momentum(0.9).nesterov();
    adagrad_allocates_nothing: AdaGrad::default();
    rmsprop_allocates_nothing: RmsProp::default();
    rmsprop_with_momentum_allocates_nothing: RmsProp::default().momentum(0.9);
    adam_allocates_nothing: Adam::default();
    adamw_allocates_nothing: AdamW::default();
    amsgrad_allocates_nothing: Adam::default().amsgrad();
    nadam_allocates_nothing: NAdam::default();
    radam_allocates_nothing: RAdam::default();
    adadelta_allocates_nothing: Adadelta::default();
    lion_allocates_nothing: Lion::default();
}

/// Several inputs and heads: their outputs are copied to memory that the thread keeps. For a loss across the batch, so are the targets.
#[test]
fn heads_allocate_nothing() {
    network! {
        struct Heads<
            input x: 8, y: 3
            => concat x { dense 16 tanh } y { } => dense 5 tanh
            => heads label { dense 5 softmax } value { dense 2 } near { }
        >;
    }
    let sine = |index: usize| (index as f32 * 0.37).sin();
    let inputs: Vec<_> = (0..100)
        .map(|index| HeadsInputs {
            x: SVector::from_fn(|row, _| sine(index * 8 + row)),
            y: SVector::from([sine(index); 3]),
        })
        .collect();
    let targets: Vec<_> = (0..100)
        .map(|index| {
            let label = Class::<5>::new(index % 5).unwrap();
            HeadsHeads { label, value: SVector::from([sine(index); 2]), near: label }
        })
        .collect();
    let mut net = Heads::random(&mut StdRng::seed_from_u64(1));
    let losses = HeadsHeads { label: CrossEntropy, value: Huber, near: CrossEntropy };
    let across = HeadsHeads { label: CrossEntropy, value: Huber, near: Triplet::new(1.0) };
    let (mut first, mut second) = (Adam::default(), Sgd::new(0.01));
    let mut outputs: Vec<_> = inputs.iter().map(|input| net.forward(input)).collect();
    net.train_step(&inputs, &targets, &losses, &mut first);
    net.train_step(&inputs, &targets, &across, &mut second);
    net.loss(&inputs, &targets, &losses);
    for samples in [100, 0, 1, 33, 100] {
        let (inputs, targets) = (&inputs[..samples], &targets[..samples]);
        let count = allocations(|| {
            net.train_step(inputs, targets, &losses, &mut first);
            net.train_step(inputs, targets, &across, &mut second);
            net.loss(inputs, targets, &losses);
            net.forward_batch(inputs, &mut outputs[..samples]);
            outputs[0] = net.forward(&HeadsInputs { x: SVector::zeros(), y: SVector::zeros() });
        });
        assert_eq!(count, 0, "{samples} samples");
    }
}

/// Losses with copies of scores, smoothed targets, distances: memory that the thread keeps.
#[test]
fn losses_allocate_nothing() {
    let (inputs, labels) = data();
    let (inputs, labels) = (&inputs[..40], &labels[..40]);
    let net = Net::random(&mut StdRng::seed_from_u64(1));
    let mut gradient = Net::zeros();
    let mut outputs = vec![SVector::zeros(); 40];
    net.forward_batch(inputs, &mut outputs);
    let mut gradients = outputs.clone();
    let weighted: Vec<(Class<5>, f32)> = labels.iter().map(|label| (*label, 0.5)).collect();
    macro_rules! nothing {
        ($($loss:expr, $targets:expr;)+) => {$({
            let loss = $loss;
            let mut run = || {
                net.gradient_into(inputs, $targets, &loss, &mut gradient);
                loss.gradient(&outputs, $targets, &mut gradients);
                loss.value(&outputs, $targets);
            };
            run();
            assert_eq!(allocations(run), 0, "{}", stringify!($loss));
        })+};
    }
    nothing! {
        CrossEntropy, labels;
        CrossEntropy.plus(Hinge.scaled(0.1)).plus(Triplet::new(1.0)), labels;
        CrossEntropy.label_smoothing(0.1), labels;
        CrossEntropy.weighted(), &weighted;
        Contrastive::new(1.0), labels;
        Focal, labels;
    }
}

/// Neither the outputs of all samples nor the counts of all pairs of classes: 24 MB and 7 GB.
#[test]
fn an_evaluation_takes_memory_for_classes_and_some_samples() {
    const CLASSES: usize = 30_000;
    const SAMPLES: usize = 200;
    network! { struct Wide<input 1 => dense CLASSES>; }
    let class = |index: usize| Class::<CLASSES>::new(index * 100).unwrap();
    let data: Dataset<SVector<f32, 1>, Class<CLASSES>> =
        (0..SAMPLES).map(|index| (SVector::from([1.0]), class(index))).collect();
    let mut net = Wide::zeros();
    net.dense1.bias[700] = 1.0;
    let before = BYTES.with(Cell::get);
    let evaluation = Evaluation::of(&*net, &data);
    assert_eq!(evaluation.accuracy(), 1.0 / SAMPLES as f64);
    assert!(evaluation.to_string().contains("taken for 700"));
    let bytes = BYTES.with(Cell::get) - before;
    assert!(bytes < 8 << 20, "{bytes} bytes");
}
