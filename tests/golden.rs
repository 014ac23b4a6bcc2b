//! Results are held to the bit: outputs, losses, gradients, and weights after 50 steps, on every instruction set, on one thread and on two.
//!
//! Why bits: the same seed on the same machine gives the same network, also after an update of this library. Tests with tolerances do not see a sum
//! whose order has changed, a path that is taken for other sizes than before, or a fused multiplication that is one no longer. This one does. Rounding
//! may change on purpose, and then the record is renewed, in the commit that says why:
//!
//! ```text
//! AXONAL_RENEW_GOLDEN=1 cargo test --test golden
//! ```
//!
//! The record is `fixtures/golden/<architecture>.txt`: what was computed, a hash of the bits of all numbers, and the first three of them.
//! Renewal replaces the lines of the instruction sets that the machine has, and keeps the others. Sets without a line, those of another architecture
//! say, are reported and not compared.
//!
//! Debug and release builds give the same bits: nothing here is left to the optimizer, since Rust neither reorders nor fuses operations of
//! floating-point numbers, and elementary functions are our own. So do Intel's and AMD's processors: no kernel uses an approximate instruction.
#![cfg(feature = "threads")]

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};
use std::{env, fs, thread};

use axonal::prelude::*;
use axonal::simd::InstructionSet;
use axonal::{Parameters, Sample, Scalar};

network! {
    /// `dense2` has 32,768 weights or more: its sums are taken in two halves, and its 260 rows are far enough apart to be packed.
    /// 3 rows are fewer than a vector has lanes, and 37 fill none.
    struct Mixed<input 60 => dense 130 sigmoid => dense 260 gelu => dense 37 tanh => dense 3 silu => dense 10>;

    /// A sum of more than 4,096 products is one of blocks.
    struct Long<input 4200 => dense 9 softplus => dense 4>;

    /// For large batches.
    struct Small<input 5 => dense 24 elu(1.0) no_bias => dense 8 softsign => dense 2 softmax>;

    struct LeNet<input 28x28
        => conv 6 5x5 tanh => avgpool 2x2
        => conv 16 5x5 relu => maxpool 2x2
        => flatten => dense 120 relu => dense 84 sigmoid => dense 10>;

    /// A residual network.
    struct Blocks<input 3x6x6
        => conv 8 3x3 pad same no_bias => batchnorm relu
        => residual { conv 8 3x3 pad same => batchnorm relu => conv 8 3x3 pad same => batchnorm } relu
        => down: residual { conv 16 3x3 stride 2 pad 1 gelu => conv 16 3x3 pad 1 } project { conv 16 1x1 stride 2 }
        => global avgpool => layernorm => dropout 0.25 => dense 5>;

    /// The other layers of images.
    struct Shapes<input 2x5x6
        => conv_transpose 4 3x3 stride 2 pad 1 output_padding 1 leaky_relu(0.1)
        => concat { maxpool 3 stride 2 pad 1 floor } { conv 2 3x3 stride 2 dilation 2 pad 2 groups 2 silu floor }
        => upsample 2 => pad 1 => conv 6 3x3 depthwise hard_sigmoid => avgpool 3x3 stride 2 pad 1 floor
        => flatten => dense 4 selu>;

    /// Slopes that are learned, of an image and of a vector.
    struct Slopes<input 2x3x7 => conv 5 2x2 => prelu => flatten => dense 19 => prelu => dense 4>;

    /// For the optimizers that the others are not trained by.
    struct Steps<input 7 => dense 19 tanh => dense 4>;
}

/// Numbers that follow from nothing but this file: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From -1 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn number(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn fill<T: Scalar>(&mut self, numbers: &mut [T], middle: f64, width: f64) {
        for number in numbers {
            *number = T::of(middle + width * self.number());
        }
    }

    fn samples<X: Sample>(&mut self, count: usize) -> Vec<X> {
        let mut samples = zeros::<X>(count);
        for sample in &mut samples {
            self.fill(sample.as_mut_slice(), 0.0, 1.0);
        }
        samples
    }

    fn classes<const N: usize>(&mut self, count: usize) -> Vec<Class<N>> {
        (0..count).map(|_| Class::new(self.bits() as usize % N).unwrap()).collect()
    }

    /// Weights that leave the variance of what goes through them about as it is.
    #[expect(clippy::cast_precision_loss, reason = "layers are small")]
    fn weights<T: Scalar, const R: usize, const C: usize>(
        &mut self,
        weights: &mut SMatrix<T, R, C>,
    ) {
        self.fill(weights.as_mut_slice(), 0.0, (3.0 / C as f64).sqrt());
    }

    fn bias<T: Scalar, const N: usize>(&mut self, bias: &mut SVector<T, N>) {
        self.fill(bias.as_mut_slice(), 0.0, 0.1);
    }

    /// What is about 1: a factor, a variance.
    fn factors<T: Scalar, const N: usize>(&mut self, factors: &mut SVector<T, N>) {
        self.fill(factors.as_mut_slice(), 1.0, 0.2);
    }
}

/// What was found in one case: the hash of all numbers, and the first ones.
#[derive(Clone, PartialEq)]
struct Found {
    hash: u64,
    first: String,
}

impl Found {
    fn of<T: Scalar + Debug>(numbers: &[T]) -> Self {
        assert!(numbers.iter().all(|number| number.as_f64().is_finite()), "not finite");
        // FNV-1a.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for number in numbers {
            // The bits of an f32 and of the f64 that it becomes say the same.
            for byte in number.as_f64().to_bits().to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        let first: Vec<_> = numbers.iter().take(3).map(|number| format!("{number:?}")).collect();
        Self { hash, first: first.join(" ") }
    }

    fn parse(text: &str) -> Option<Self> {
        let (hash, first) = text.split_once(' ')?;
        Some(Self { hash: u64::from_str_radix(hash, 16).ok()?, first: first.to_owned() })
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016x} {}", self.hash, self.first)
    }
}

/// What each case gives, by its name, in the order of computation.
type Cases = Vec<(String, Found)>;

/// Weights are recorded after so many steps of training. In a debug build, two threads take only the few: all would take a minute.
const FEW: usize = 5;
const ALL: usize = 50;

/// All cases of one network of one type of numbers. The `steps` are the sizes of batches that training takes in turns.
macro_rules! cases {
    ($cases:expr, $name:ident, $scalar:ident, $last:expr, $steps:expr, $targets:ident, $loss:expr, $start:expr, $($optimizer:ident: $made:expr),+) => {{
        type Net = $name<$scalar>;
        let key = |what: std::fmt::Arguments| {
            format!("{} {} {what}", stringify!($name).to_lowercase(), stringify!($scalar))
        };
        let mut numbers = Numbers(17);
        let mut start: Box<Net> = <Net as Parameters>::zeros();
        let set: fn(&mut Net, &mut Numbers) = $start;
        set(&mut start, &mut numbers);
        let mut numbers = Numbers(50);
        let data: Vec<_> =
            $steps.iter().map(|&batch| (numbers.samples(batch), numbers.$targets(batch))).collect();
        let sizes = $steps.map(|batch: usize| batch.to_string()).join("+");
        $(cases!(@train $cases, key, start, data, sizes, $last, $loss, $optimizer, $made);)+
    }};
    ($cases:expr, $name:ident, $scalar:ident, $last:expr, $batches:expr, $steps:expr, $targets:ident, $loss:expr, $start:expr) => {{
        type Net = $name<$scalar>;
        let key = |what: std::fmt::Arguments| {
            format!("{} {} {what}", stringify!($name).to_lowercase(), stringify!($scalar))
        };
        let mut numbers = Numbers(17);
        let mut start: Box<Net> = <Net as Parameters>::zeros();
        let set: fn(&mut Net, &mut Numbers) = $start;
        set(&mut start, &mut numbers);
        assert!(start.as_slice().iter().all(|weight| *weight != 0.0), "a layer was left out");
        for batch in $batches {
            let mut numbers = Numbers(batch as u64);
            let (inputs, targets) = (numbers.samples(batch), numbers.$targets(batch));
            let one: Vec<_> =
                inputs.iter().take(2).flat_map(|input| flat(&[start.forward(input)])).collect();
            let mut outputs = zeros(batch);
            start.forward_batch(&inputs, &mut outputs);
            let loss = start.loss(&inputs, &targets, &$loss);
            let (trained, gradient) = start.gradient(&inputs, &targets, &$loss);
            let gradient = [gradient.as_slice(), &[trained]].concat();
            $cases.push((key(format_args!("{batch} forward")), Found::of(&one)));
            $cases.push((key(format_args!("{batch} forward_batch")), Found::of(&flat(&outputs))));
            $cases.push((key(format_args!("{batch} loss")), Found::of(&[loss])));
            $cases.push((key(format_args!("{batch} gradient")), Found::of(&gradient)));
        }
        let mut numbers = Numbers(50);
        let data: Vec<_> =
            $steps.iter().map(|&batch| (numbers.samples(batch), numbers.$targets(batch))).collect();
        let sizes = $steps.map(|batch: usize| batch.to_string()).join("+");
        cases!(@train $cases, key, start, data, sizes, $last, $loss, sgd, Sgd::new(0.05).momentum(0.9));
        cases!(@train $cases, key, start, data, sizes, $last, $loss, adam, Adam::new(0.005));
    }};
    (@train $cases:expr, $key:ident, $start:expr, $data:expr, $sizes:expr, $last:expr, $loss:expr, $name:ident, $optimizer:expr) => {
        let (mut net, mut optimizer) = ($start.clone(), $optimizer);
        for (step, (inputs, targets)) in (1..=$last).zip($data.iter().cycle()) {
            net.train_step(inputs, targets, &$loss, &mut optimizer);
            if step == FEW || step == ALL {
                let key = $key(format_args!("{} {}_{step}", $sizes, stringify!($name)));
                $cases.push((key, Found::of(net.as_slice())));
            }
        }
    };
}

fn zeros<X: Sample>(count: usize) -> Vec<X> {
    vec![X::zeroed(); count]
}

fn flat<X: Sample>(samples: &[X]) -> Vec<X::Scalar> {
    samples.iter().flat_map(|sample| sample.as_slice()).copied().collect()
}

macro_rules! start {
    ($(dense $($dense:ident).+;)* $(weight $($weight:ident).+;)* $(norm $($norm:ident).+;)* $(moving $($moving:ident).+;)*) => {
        |net, numbers| {
            $(
                numbers.weights(&mut net.$($dense).+.weight);
                numbers.bias(&mut net.$($dense).+.bias);
            )*
            $(numbers.weights(&mut net.$($weight).+.weight);)*
            $(
                numbers.factors(&mut net.$($norm).+.weight);
                numbers.bias(&mut net.$($norm).+.bias);
            )*
            $(
                numbers.bias(&mut net.$($moving).+.running_mean);
                numbers.factors(&mut net.$($moving).+.running_var);
            )*
        }
    };
}

/// All networks with one type of numbers.
macro_rules! all {
    ($cases:expr, $scalar:ident, $last:expr) => {
        cases!($cases, Mixed, $scalar, $last, [1, 3, 32, 130], [2, 1], classes, CrossEntropy, start! {
            dense dense1; dense dense2; dense dense3; dense dense4; dense dense5;
        });
        cases!($cases, Long, $scalar, $last, [1, 3, 32], [2], classes, CrossEntropy, start! {
            dense dense1; dense dense2;
        });
        cases!($cases, Small, $scalar, $last, [1, 32, 300, 700], [32, 130], classes, CrossEntropy, start! {
            dense dense2; dense dense3; weight dense1;
        });
        cases!($cases, LeNet, $scalar, $last, [1, 3, 9], [1], classes, CrossEntropy, start! {
            dense conv1; dense conv2; dense dense1; dense dense2; dense dense3;
        });
        cases!($cases, Blocks, $scalar, $last, [1, 3, 9], [2], classes, CrossEntropy, start! {
            dense residual1.block.conv1; dense residual1.block.conv2;
            dense down.block.conv1; dense down.block.conv2; dense down.projection.conv1;
            dense dense1; weight conv1;
            norm batchnorm1; norm residual1.block.batchnorm1; norm residual1.block.batchnorm2; norm layernorm1;
            moving batchnorm1; moving residual1.block.batchnorm1; moving residual1.block.batchnorm2;
        });
        cases!($cases, Shapes, $scalar, $last, [1, 3, 32], [3], samples, MeanSquaredError, start! {
            dense conv_transpose1; dense concat1.second.conv1; dense conv1; dense dense1;
        });
        cases!($cases, Slopes, $scalar, $last, [1, 3, 32], [3], samples, MeanSquaredError, start! {
            dense conv1; dense dense1; dense dense2; weight prelu1; weight prelu2;
        });
        cases!(
            $cases, Steps, $scalar, $last, [1, 33], classes, CrossEntropy,
            start! { dense dense1; dense dense2; },
            adagrad: AdaGrad::new(0.05).learning_rate_decay(0.1),
            rmsprop: RmsProp::new(0.005).momentum(0.5),
            adamw: AdamW::new(0.005).weight_decay(0.1),
            amsgrad: Adam::new(0.005).betas(0.9, 0.8).amsgrad(),
            nadam: NAdam::new(0.005).weight_decay(0.01),
            radam: RAdam::new(0.005).betas(0.9, 0.9).weight_decay(0.1).decoupled_weight_decay(),
            adadelta: Adadelta::new(1.0),
            lion: Lion::new(0.005).weight_decay(0.1)
        );
    };
}

/// What all cases give on the instruction set that is chosen. On one thread both types of numbers run side by side; on more they follow each other,
/// since helpers work for one caller at a time.
fn compute(threads: usize, last: usize) -> Cases {
    axonal::set_num_threads(threads);
    let f32s = move || {
        let mut cases = Cases::new();
        all!(cases, f32, last);
        cases
    };
    let f64s = move || {
        let mut cases = Cases::new();
        all!(cases, f64, last);
        cases
    };
    let second = (threads == 1).then(|| thread::spawn(f64s));
    let mut cases = f32s();
    cases.extend(second.map_or_else(f64s, |second| second.join().unwrap()));
    cases
}

fn path() -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden");
    directory.join(env::consts::ARCH).with_extension("txt")
}

/// The name of a set in the record. The baseline of a build for one processor (`-C target-cpu=native`) may round in its own way.
fn name(set: InstructionSet) -> String {
    let fused = set == InstructionSet::Baseline
        && cfg!(target_arch = "x86_64")
        && cfg!(target_feature = "fma");
    format!("{} {set}{}", env::consts::ARCH, if fused { "+fma" } else { "" })
}

/// The record, by the name of the set, then in the order of the file.
fn read(text: &str) -> BTreeMap<String, Cases> {
    let mut record = BTreeMap::<String, Cases>::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let parsed = line.split_once(": ").and_then(|(key, found)| {
            let (set, case) = key.match_indices(' ').nth(1).map(|(at, _)| key.split_at(at))?;
            Some((set, case[1..].to_owned(), Found::parse(found)?))
        });
        let (set, case, found) = parsed.unwrap_or_else(|| panic!("no line of a record: {line}"));
        record.entry(set.to_owned()).or_default().push((case, found));
    }
    record
}

fn written(record: &BTreeMap<String, Cases>) -> String {
    let mut text = String::from(
        "# architecture, instruction set, network, numbers, samples, what: hash of all bits, first numbers\n\
         # Renewed on purpose by: AXONAL_RENEW_GOLDEN=1 cargo test --test golden\n",
    );
    for (set, cases) in record {
        for (case, found) in cases {
            writeln!(text, "{set} {case}: {found}").unwrap();
        }
    }
    text
}

fn get<'a>(cases: &'a Cases, key: &str) -> Option<&'a Found> {
    cases.iter().find(|(case, _)| case == key).map(|(_, found)| found)
}

/// All that differs between what is recorded and what was found, a line each.
fn differences(set: &str, recorded: &Cases, found: &Cases) -> Vec<String> {
    let mut differences = Vec::new();
    for (case, found) in found {
        match get(recorded, case) {
            Some(recorded) if recorded == found => {}
            Some(recorded) => {
                differences.push(format!("{set} {case}: expected {recorded}, found {found}"));
            }
            None => differences.push(format!("{set} {case}: not in the record, found {found}")),
        }
    }
    for (case, _) in recorded {
        if get(found, case).is_none() {
            differences.push(format!("{set} {case}: in the record, but no case of this test"));
        }
    }
    differences
}

/// One test: the instruction set is one for the whole process.
#[test]
fn bits_are_those_of_the_record() {
    let renew = env::var_os("AXONAL_RENEW_GOLDEN").is_some_and(|value| value == "1");
    let mut record =
        fs::read_to_string(path()).map_or_else(|_| BTreeMap::new(), |text| read(&text));
    let mut faults = Vec::new();
    for set in InstructionSet::available() {
        assert!(InstructionSet::force(set));
        let set = name(set);
        let found = compute(1, ALL);
        let shared = compute(2, if cfg!(debug_assertions) { FEW } else { ALL });
        for (case, two) in &shared {
            let one = get(&found, case).expect("one thread has all cases");
            if one != two {
                faults.push(format!("{set} {case}: {one} on one thread, {two} on two"));
            }
        }
        if renew {
            record.insert(set, found);
        } else if let Some(recorded) = record.get(&set) {
            faults.extend(differences(&set, recorded, &found));
        } else {
            eprintln!("golden: {set} has no record, and was not compared");
        }
    }
    assert!(
        faults.is_empty(),
        "{} results are not those of the record. Where that is meant: AXONAL_RENEW_GOLDEN=1 cargo test --test golden\n{}",
        faults.len(),
        faults.join("\n")
    );
    if renew {
        fs::write(path(), written(&record)).unwrap();
    }
}

#[test]
fn what_differs_is_listed() {
    let case = |key: &str, hash| (key.to_owned(), Found { hash, first: "0.5 1.0".to_owned() });
    let recorded = vec![case("a", 1), case("b", 2), case("old", 3)];
    let found = vec![case("a", 1), case("b", 4), case("new", 5)];
    assert!(differences("set", &recorded, &recorded).is_empty());
    assert_eq!(
        differences("set", &recorded, &found),
        [
            "set b: expected 0000000000000002 0.5 1.0, found 0000000000000004 0.5 1.0",
            "set new: not in the record, found 0000000000000005 0.5 1.0",
            "set old: in the record, but no case of this test",
        ]
    );
    let record = BTreeMap::from([("x86_64 avx2".to_owned(), recorded)]);
    let again = read(&written(&record));
    assert!(again == record);
}
