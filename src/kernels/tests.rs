//! Every kernel against plain loops in f64, on every instruction set of the machine, in memory that was filled with zeros or with NaN.

use std::sync::Mutex;

use proptest::prelude::*;
use pulp::{Simd, WithSimd};

use crate::activations::Identity;
use crate::kernels::batch_norm::{BatchNormBackward, BatchNormForward};
use crate::kernels::elementwise::add;
use crate::kernels::entry::Entry;
use crate::kernels::gemm::gemv::gemv_inline;
use crate::kernels::gemm::{Gemm, GemmTransposedA, Gemv, Init};
use crate::kernels::matrix_mut::MatrixMut;
use crate::kernels::reduce::add_rows;
use crate::parallel::{Split, sharing};
use crate::simd::{Columns, transpose};
use crate::simd::{InstructionSet, Isa, dispatch};

/// The instruction set is one for the whole process.
static FORCED: Mutex<()> = Mutex::new(());

fn on_every_set(mut check: impl FnMut(InstructionSet)) {
    let _guard = FORCED.lock().unwrap();
    for set in InstructionSet::available() {
        assert!(InstructionSet::force(set));
        check(set);
    }
}

/// What memory holds before a kernel writes it.
#[derive(Clone, Copy, Debug)]
enum Filling {
    Zeros,
    Ones,
}

impl Filling {
    fn memory(self, length: usize) -> Vec<f32> {
        match self {
            Self::Zeros => vec![0.0; length],
            Self::Ones => vec![f32::from_bits(u32::MAX); length],
        }
    }
}

fn values(length: usize, seed: usize) -> Vec<f32> {
    #[expect(clippy::cast_precision_loss, reason = "test data")]
    let value = |index: usize| ((index * 7919 + seed * 104_729) as f32 * 0.618).sin();
    (0..length).map(value).collect()
}

/// The sum of some products in f64, and how large an error rounding may make it.
fn sum(start: f32, products: impl Iterator<Item = (f32, f32)>) -> (f64, f64) {
    let (mut sum, mut size) = (f64::from(start), f64::from(start.abs()));
    for (a, b) in products {
        sum += f64::from(a) * f64::from(b);
        size += (f64::from(a) * f64::from(b)).abs();
    }
    (sum, 1e-6 * size + 1e-30)
}

fn close(found: f32, (expected, tolerance): (f64, f64)) -> bool {
    (f64::from(found) - expected).abs() <= tolerance
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..10, Just(16), Just(33), Just(64), Just(70), Just(130)]
}

/// With many that are a multiple of the lanes.
fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![size(), Just(128), Just(136), Just(144), (16_usize..30).prop_map(|m| 16 * m)]
}

fn filling() -> impl Strategy<Value = Filling> {
    prop_oneof![Just(Filling::Zeros), Just(Filling::Ones)]
}

/// Runs work in as many parts as some threads would.
fn in_parts<W: Split>(mut rest: W, parts: usize) {
    for left in (2..=parts).rev() {
        let part;
        (part, rest) = rest.split(1, left);
        part.run();
    }
    rest.run();
}

/// `Gemm` with both orders of `B` and all starts.
fn check_product<const TRANSPOSED_B: bool>([m, k, n, gap, parts]: [usize; 5], filling: Filling) {
    let (a, column, row) = (values(m * k, 1), values(m, 2), values(n, 5));
    let stride = if TRANSPOSED_B { n } else { k } + gap;
    let b = values(stride * if TRANSPOSED_B { k } else { n }, 3);
    let c_stride = m + gap;
    let before = values(c_stride * n, 4);
    on_every_set(|set| {
        let starts = [Init::Zero, Init::Column(&column), Init::Row(&row), Init::Accumulate];
        for start in starts {
            let mut c = match start {
                Init::Accumulate => before.clone(),
                _ => filling.memory(c_stride * n),
            };
            let product = Gemm::<f32, TRANSPOSED_B> {
                a: &a,
                a_stride: m,
                b: &b,
                b_stride: stride,
                c: MatrixMut::strided(&mut c, [m, n], c_stride),
                k,
                init: start,
            };
            in_parts(product, parts);
            let untouched = match start {
                Init::Accumulate => before.clone(),
                _ => filling.memory(c_stride * n),
            };
            for (index, found) in c.iter().enumerate() {
                let (row, col) = (index % c_stride, index / c_stride);
                if row >= m {
                    let bits = untouched[index].to_bits();
                    assert_eq!(found.to_bits(), bits, "{set}: written outside of C");
                    continue;
                }
                let from = match start {
                    Init::Zero => 0.0,
                    Init::Column(column) => column[row],
                    Init::Row(row) => row[col],
                    Init::Accumulate => before[index],
                };
                let right =
                    |i: usize| b[if TRANSPOSED_B { i * stride + col } else { i + col * stride }];
                let expected = sum(from, (0..k).map(|i| (a[row + i * m], right(i))));
                assert!(close(*found, expected), "{set}: {found} at {row}, {col}: {expected:?}");
            }
        }
    });
}

/// A matrix times a vector, wherever in memory the matrix begins.
fn check_one([m, k]: [usize; 2], first: usize, has_start: bool, filling: Filling) {
    let (a, x, start) = (values(k * m, 1), values(k, 2), values(m, 3));
    let moved = [vec![0.0; first], a.clone()].concat();
    let start = if has_start { start.as_slice() } else { &[] };
    on_every_set(|set| {
        let mut y = filling.memory(m);
        dispatch(One { a: &a, x: &x, start, y: &mut y });
        for (row, found) in y.iter().enumerate() {
            let from = start.get(row).copied().unwrap_or(0.0);
            let expected = sum(from, (0..k).map(|i| (a[row + i * m], x[i])));
            assert!(close(*found, expected), "{set}: {found} in row {row}: {expected:?}");
        }
        let mut again = filling.memory(m);
        dispatch(One { a: &moved[first..], x: &x, start, y: &mut again });
        assert_eq!(y, again, "{set}: other bits {first} scalars further on");
    });
}

struct One<'a> {
    a: &'a [f32],
    x: &'a [f32],
    start: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for One<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, x, start, y } = self;
        gemv_inline::<Identity, _, S>(simd, Gemv { a, a_stride: y.len(), x, init: start, y });
    }
}

/// Transposes a matrix with gaps between its columns into another such one.
struct Transposition<'a, T> {
    from: &'a [T],
    to: &'a mut [T],
    size: [usize; 2],
    gap: usize,
}

impl<T: Entry> WithSimd for Transposition<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, columns] = self.size;
        let (from_stride, to_stride) = (rows + self.gap, columns + self.gap);
        assert_eq!(self.from.len(), from_stride * columns);
        assert_eq!(self.to.len(), to_stride * rows);
        let from = Columns { first: self.from.as_ptr(), stride: from_stride };
        let to = Columns { first: self.to.as_mut_ptr(), stride: to_stride };
        // SAFETY: the lengths were just checked.
        unsafe { transpose(simd, from, to, self.size) };
    }
}

fn check_transposition<T: Entry>(size: [usize; 2], gap: usize) {
    let [rows, columns] = size;
    let number = |index: usize| T::from_usize(index + 1).unwrap();
    let from: Vec<T> = (0..(rows + gap) * columns).map(number).collect();
    on_every_set(|set| {
        let mut to = vec![T::zero(); (columns + gap) * rows];
        dispatch(Transposition { from: &from, to: &mut to, size, gap });
        for (index, found) in to.iter().enumerate() {
            let (column, row) = (index % (columns + gap), index / (columns + gap));
            let expected =
                if column < columns { from[row + column * (rows + gap)] } else { T::zero() };
            assert_eq!(*found, expected, "{set}: row {row}, column {column}");
        }
    });
}

/// `GemmTransposedA`, whose result begins some numbers after the memory.
fn check_transposed<T: Entry>(sizes: [usize; 3], first: usize, parts: usize, filling: Filling) {
    let [k, m, n] = sizes;
    let (a, b) = (values(k * m, 1), values(k * n, 2));
    let of = |values: &[f32]| -> Vec<T> { values.iter().map(|&x| T::nearest(x.into())).collect() };
    let (left, right) = (of(&a), of(&b));
    on_every_set(|set| {
        let mut c = of(&filling.memory(first + m * n));
        let c = &mut c[first..];
        in_parts(GemmTransposedA::new(&left, &right, MatrixMut::whole(c, m), k), parts);
        for (index, found) in c.iter().enumerate() {
            let (row, col) = (index % m, index / m);
            let (expected, tolerance) = sum(0.0, (0..k).map(|i| (a[i + row * k], b[i + col * k])));
            let error = (found.wide() - expected).abs();
            assert!(error <= tolerance, "{set}: {found} at {row}, {col} of {sizes:?}: {expected}");
        }
    });
}

struct Sums<'a> {
    rows: &'a mut [f32],
    flat: &'a mut [f32],
    values: &'a [f32],
    accumulate: bool,
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        add_rows(simd, self.rows, self.values, self.accumulate);
        add(self.flat, self.values);
    }
}

/// A product in halves, for several samples and for one.
struct InHalves<'a> {
    a: &'a [f32],
    b: &'a [f32],
    start: &'a [f32],
    c: &'a mut [f32],
    partial: &'a mut [f32],
    k: usize,
}

impl InHalves<'_> {
    fn run(self) {
        let Self { a, b, start, c, partial, k } = self;
        let (m, n) = (start.len(), b.len() / k);
        if n == 1 {
            f32::gemv_split_k(Gemv { a, a_stride: c.len(), x: b, init: start, y: c }, partial);
        } else {
            let init = Init::Column(start);
            let c = MatrixMut::whole(c, m);
            let product = Gemm { a, a_stride: m, b, b_stride: k, c, k, init };
            f32::gemm_split_k(product, partial);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Rows of a large matrix on several threads, and one column: the bits of the whole product.
    #[test]
    fn products_by_rows(m in 200_usize..700, k in 300_usize..500, n in 1_usize..16, has_start: bool, filling in filling()) {
        // More than the machine has: each part is small, and some are empty.
        #[cfg(feature = "threads")]
        crate::set_num_threads(16);
        let (a, b, start) = (values(m * k, 1), values(k * n, 2), values(m, 3));
        on_every_set(|set| {
            let run = |threads| {
                let (mut c, mut y) = (filling.memory(m * n), filling.memory(m));
                let start = if has_start { &start[..] } else { &[] };
                let init = if has_start { Init::Column(start) } else { Init::Zero };
                let product = Gemm {
                    a: &a, a_stride: m, b: &b, b_stride: k, c: MatrixMut::whole(&mut c, m), k, init
                };
                let one = Gemv { a: &a, a_stride: m, x: &b[..k], init: start, y: &mut y };
                sharing(threads, || {
                    f32::gemm(Isa::current(), product);
                    f32::gemv(Isa::current(), one);
                });
                (c, y)
            };
            let (found, y) = run(1);
            for (index, found) in found.iter().chain(&y).enumerate() {
                let (row, col) = (index % m, index / m % n);
                let first = if has_start { start[row] } else { 0.0 };
                let expected = sum(first, (0..k).map(|i| (a[row + i * m], b[i + col * k])));
                assert!(close(*found, expected), "{set}: {found} at {row}, {col}: {expected:?}");
            }
            for threads in [2, 3, 16] {
                assert!(run(threads) == (found.clone(), y.clone()), "{set}: other bits on {threads} threads");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn products_in_halves(m in rows(), k in size(), n in 1_usize..40, filling in filling()) {
        let (a, b, start) = (values(m * k, 1), values(k * n, 2), values(m, 3));
        on_every_set(|set| {
            let run = |threads| {
                let (mut c, mut partial) = (filling.memory(m * n), filling.memory(m * n));
                let halves = InHalves { a: &a, b: &b, start: &start, c: &mut c, partial: &mut partial, k };
                sharing(threads, || halves.run());
                c
            };
            let found = run(1);
            for (index, found) in found.iter().enumerate() {
                let (row, col) = (index % m, index / m);
                let expected = sum(start[row], (0..k).map(|i| (a[row + i * m], b[i + col * k])));
                assert!(close(*found, expected), "{set}: {found} at {row}, {col}: {expected:?}");
            }
            for threads in [2, 3] {
                assert_eq!(found, run(threads), "{set}: other bits on {threads} threads");
            }
        });
    }

    #[test]
    fn products(m in size(), k in size(), n in size(), gap in 0_usize..4, parts in 1_usize..4, filling in filling()) {
        check_product::<false>([m, k, n, gap, parts], filling);
        check_product::<true>([m, k, n, gap, parts], filling);
    }

    #[test]
    fn transposed_products(k in size(), m in size(), n in size(), first in 0_usize..17, parts in 1_usize..4, filling in filling()) {
        check_transposed::<f32>([k, m, n], first, parts, filling);
        check_transposed::<f64>([k, m, n], first, parts, filling);
    }

    #[test]
    fn transpositions(rows in size(), columns in size(), gap in 0_usize..4) {
        check_transposition::<f32>([rows, columns], gap);
        check_transposition::<f64>([rows, columns], gap);
    }

    #[test]
    fn one_sample(m in rows(), k in size(), first in 0_usize..17, has_start: bool, filling in filling()) {
        check_one([m, k], first, has_start, filling);
    }

    #[test]
    fn sums(width in size(), rows in 1_usize..20, accumulate: bool, filling in filling()) {
        let values = values(width * rows, 1);
        on_every_set(|set| {
            let before = if accumulate { vec![0.25; width] } else { filling.memory(width) };
            let (mut found, mut flat) = (before, vec![0.5; width * rows]);
            dispatch(Sums { rows: &mut found, flat: &mut flat, values: &values, accumulate });
            for (column, found) in found.iter().enumerate() {
                let from = if accumulate { 0.25 } else { 0.0 };
                let expected = sum(from, (0..rows).map(|row| (values[row * width + column], 1.0)));
                assert!(close(*found, expected), "{set}: {found} in column {column}");
            }
            assert!(flat.iter().zip(&values).all(|(found, value)| *found == 0.5 + value), "{set}");
        });
    }
}

/// Sizes at which the kernels change their way: longer than a block, larger than the cache.
#[test]
fn large_products() {
    for sizes in [
        [520, 300, 40, 0, 2],
        [16, 1030, 50, 1, 1],
        [1100, 130, 7, 0, 3],
        [275, 530, 67, 3, 2],
        [333, 32, 24, 0, 1],
    ] {
        check_product::<false>(sizes, Filling::Ones);
        check_product::<true>(sizes, Filling::Ones);
    }
    let sizes = [(0, [520, 400]), (3, [512, 403]), (4, [300, 700]), (5, [64, 67]), (4, [32, 66])];
    for (first, [m, k]) in sizes {
        check_one([m, k], first, first == 3, Filling::Ones);
    }
    let sizes = [
        [600, 50, 33],
        [512, 70, 65],
        [63, 200, 40],
        [130, 600, 39],
        [300, 60, 200],
        // Panels as high as a tile, some of them the last ones.
        [600, 150, 24],
        [517, 129, 16],
        [513, 17, 31],
        [140, 66, 150],
    ];
    // Too few rows for a quad, and quads that overlap, wherever the cache lines begin.
    let narrow = [[300, 3, 32], [400, 7, 70]].into_iter().chain([[65, 49, 16]; 16]);
    for (first, sizes) in sizes.into_iter().chain(narrow).enumerate() {
        check_transposed::<f32>(sizes, first, 2, Filling::Ones);
        check_transposed::<f64>(sizes, first, 2, Filling::Ones);
    }
}

/// Batch normalization of one number after the other, in f64.
struct Normalized {
    mean: Vec<f64>,
    variance: Vec<f64>,
    outputs: Vec<f64>,
    /// dγ and dβ, and dX.
    sums: [Vec<f64>; 2],
    input_gradient: Vec<f64>,
}

#[expect(clippy::cast_precision_loss, reason = "a count of numbers")]
fn normalized(x: &[f32], g: &[f32], [channels, pixels]: [usize; 2], scales: &[f32]) -> Normalized {
    let (length, epsilon) = (channels * pixels, 1e-3);
    let numbers = (x.len() / channels) as f64;
    let mut of = Normalized {
        mean: vec![],
        variance: vec![],
        outputs: vec![0.0; x.len()],
        sums: [vec![], vec![]],
        input_gradient: vec![0.0; x.len()],
    };
    for channel in 0..channels {
        let planes = (0..x.len() / length).map(|sample| sample * length + channel * pixels);
        let places: Vec<usize> = planes.flat_map(|place| place..place + pixels).collect();
        let sum =
            |value: &dyn Fn(usize) -> f64| places.iter().map(|place| value(*place)).sum::<f64>();
        let mean = sum(&|place| f64::from(x[place])) / numbers;
        let variance = sum(&|place| (f64::from(x[place]) - mean).powi(2)) / numbers;
        let deviation = (variance + epsilon).sqrt();
        let off = |place: usize| (f64::from(x[place]) - mean) / deviation;
        let (weight, bias) = (f64::from(scales[channel]), f64::from(scales[channels + channel]));
        let (of_weight, of_bias) =
            (sum(&|place| f64::from(g[place]) * off(place)), sum(&|place| f64::from(g[place])));
        for place in &places {
            of.outputs[*place] = off(*place) * weight + bias;
            let mean_of = of_bias / numbers + off(*place) * of_weight / numbers;
            of.input_gradient[*place] = weight / deviation * (f64::from(g[*place]) - mean_of);
        }
        of.mean.push(mean);
        of.variance.push(variance);
        of.sums[0].push(of_weight);
        of.sums[1].push(of_bias);
    }
    of
}

#[track_caller]
fn all_close(found: &[f32], expected: &[f64], tolerance: f64) {
    for (found, expected) in found.iter().zip(expected) {
        let off = (f64::from(*found) - expected).abs();
        assert!(off <= tolerance * expected.abs().max(1.0), "{found} and {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn batches_are_normalized(
        (samples, channels, pixels) in prop_oneof![
            (
                prop_oneof![2_usize..9, Just(33), Just(270)],
                prop_oneof![1_usize..9, Just(16), Just(33), Just(67), Just(129), Just(300)],
                Just(1_usize),
            ),
            (
                prop_oneof![2_usize..9, Just(33), Just(270)],
                1_usize..9,
                prop_oneof![2_usize..9, Just(25), Just(64), Just(125)],
            ),
            (2_usize..4, 1_usize..24, prop_oneof![Just(13_usize), Just(4_500)]),
        ],
        parts in 1_usize..4,
        filling in filling(),
    ) {
        let (length, epsilon) = (channels * pixels, 1e-3);
        let (x, g) = (values(samples * length, 1), values(samples * length, 2));
        let scales = values(2 * channels, 3);
        let expected = normalized(&x, &g, [channels, pixels], &scales);
        let (weight, bias) = scales.split_at(channels);
        on_every_set(|_| {
            let run = |parts| {
                let mut of = [0; 4].map(|_| filling.memory(channels));
                let mut to = [0; 2].map(|_| filling.memory(samples * length));
                let [mean, variance, weight_gradient, bias_gradient] = &mut of;
                let [outputs, input_gradient] = &mut to;
                in_parts(BatchNormForward {
                    inputs: &x, outputs: MatrixMut::whole(outputs, length),
                    first: 0, pixels, mean, variance, of_batch: true, weight, bias, epsilon,
                }, parts);
                in_parts(BatchNormBackward {
                    inputs: &x, output_gradient: &g,
                    input_gradient: Some(MatrixMut::whole(input_gradient, length)),
                    length, first: 0, pixels, mean, variance, of_batch: true, weight, epsilon,
                    weight_gradient, bias_gradient,
                }, parts);
                (of, to)
            };
            let (of, to) = run(1);
            all_close(&of[0], &expected.mean, 1e-5);
            all_close(&of[1], &expected.variance, 1e-5);
            all_close(&of[2], &expected.sums[0], 1e-3);
            all_close(&of[3], &expected.sums[1], 1e-3);
            all_close(&to[0], &expected.outputs, 1e-4);
            all_close(&to[1], &expected.input_gradient, 1e-4);
            assert!(run(parts) == (of, to), "{parts} parts");
        });
    }
}
