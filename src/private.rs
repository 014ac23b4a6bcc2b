//! What the code of `network!` calls. Not for use by hand: it may change with any release.

#[cfg(feature = "alloc")]
pub use alloc::boxed::Box;
#[cfg(feature = "files")]
pub use std::path::Path as FilePath;

use nalgebra::SVector;

use crate::Layer;
use crate::activations::{Activation, Dropped, Identity, Joined, Probabilities};
use crate::core::Image;
pub use crate::core::IsParameters;
use crate::core::{Sample, Scalar, Shape};
use crate::kernels::FAR;
pub use crate::kernels::PostOps;
use crate::layers::Passes;
pub use crate::layers::normalized::{
    Addition, Normalization, Normalized, OutlinedNormalized, Scaled,
};
pub use crate::layers::outlined::Outlined;
/// What the passes of `concat`, `add` and `heads` call for each branch.
pub mod branches {
    pub use crate::layers::branches::*;
}
/// What the records of several inputs or heads are made of.
pub mod records {
    pub use bytemuck::{Pod, Zeroable};

    pub use crate::core::Packed;
    #[cfg(feature = "train")]
    pub use crate::losses::{Together, heads::evaluate};
    #[cfg(feature = "train")]
    pub use crate::messages::{Behind, GoesBehind, SizeOfHead, TargetOfHead};
    #[cfg(feature = "train")]
    pub use crate::metrics::{Meter, Metric, Report, Score, Target, heads};
}
#[cfg(feature = "train")]
pub use crate::layers::{
    parts::{backward_pass, forward_pass, split_trace_outlined, trace_len},
    split_trace,
};
use crate::memory::cast::{cast, cast_mut};
pub use crate::memory::{Heap, on_stack};
pub use axonal_macros::network;

/// How many scalars a buffer between two layers holds at most, if a sample is not longer: a few of them fit into the L2 cache.
const BUFFER: usize = 32 * 1024;

/// As many as that many scalars hold go through small layers, where what a call of a kernel takes counts.
const SMALL_BUFFER: usize = 2 * 1024;

/// From this many samples on, the matrix kernels gain from a batch.
const FEW: usize = 24;

/// From this length on, weights between two layers may not fit into the L2 cache beside each other: they are read anew for each piece, so it is larger.
const WIDE: usize = 256;
const MANY: usize = 64;

/// So many samples use each parameter of a large network that comes from memory: 64 multiplications and additions for a byte, with which fetching it costs
/// nothing.
const PER_PARAMETER: usize = 128;

/// Samples between layers that are longer than this are images, whose layers have few weights for each number that they compute.
const LONG: usize = 4 * 1024;

/// How many scalars of images a buffer between two layers holds at most, 2 MB of `f32`, and how many images: what a convolution prepares once a call, weights in another
/// order or transformed, is spread over so many. They are in the L3 cache then, from which a convolution reads fast enough.
const IMAGES: usize = 512 * 1024;
const MANY_IMAGES: usize = 16;

/// How many samples go through the layers at a time, given the lengths of the samples between them and the number of parameters: one at least,
/// and no more than help the matrix kernels.
///
/// What is between small layers stays in the cache near by. Large weights come from the L3 cache or from memory once for each chunk: then
/// it is so large that what is between the layers is as much to read and write as the weights are to read, up to `PER_PARAMETER` samples.
#[must_use]
pub const fn chunk(mut lengths: &[usize], parameters: usize) -> usize {
    let (mut widest, mut total) = (1, 1);
    while let [length, rest @ ..] = lengths {
        if *length > widest {
            widest = *length;
        }
        total += *length;
        lengths = rest;
    }
    let most = if widest >= WIDE {
        MANY
    } else if SMALL_BUFFER / widest > FEW {
        SMALL_BUFFER / widest
    } else {
        FEW
    };
    let near = match BUFFER / widest {
        0 => 1,
        samples if samples > most => most,
        samples => samples,
    };
    if widest > LONG {
        return match IMAGES / widest {
            images if images <= near => near,
            images if images > MANY_IMAGES => MANY_IMAGES,
            images => images,
        };
    }
    if parameters < FAR {
        return near;
    }
    // Each number between layers is written and read.
    match parameters / (2 * total) {
        samples if samples <= near => near,
        samples if samples > PER_PARAMETER => PER_PARAMETER,
        samples => samples,
    }
}

/// The longest two neighbours among the samples between the layers: an input and an output.
#[must_use]
pub const fn room(mut lengths: &[usize]) -> usize {
    let mut room = match lengths {
        [length, ..] => *length,
        [] => 0,
    };
    while let [length, rest @ ..] = lengths {
        if let [next, ..] = rest
            && *length + *next > room
        {
            room = *length + *next;
        }
        lengths = rest;
    }
    room
}

/// The most room that one of the networks in a network needs.
#[must_use]
pub const fn most(mut rooms: &[usize]) -> usize {
    let mut most = 0;
    while let [room, rest @ ..] = rooms {
        if *room > most {
            most = *room;
        }
        rooms = rest;
    }
    most
}

/// The scalar of which a buffer is made.
#[inline(always)]
#[must_use]
pub fn zero<T: Scalar>() -> T {
    T::zero()
}

/// The first scalars of a buffer as samples, and the rest of it.
#[inline(always)]
pub fn split_samples<X: Sample>(
    buffer: &mut [X::Scalar],
    count: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    crate::core::split_samples(buffer, count)
}

/// The last scalars of a buffer as samples, and the rest of it.
#[inline(always)]
pub fn split_last_samples<X: Sample>(
    buffer: &mut [X::Scalar],
    count: usize,
) -> (&mut [X], &mut [X::Scalar]) {
    let (rest, last) = buffer.split_at_mut(buffer.len() - count * X::LEN);
    (cast_mut(last), rest)
}

/// The first scalars of a buffer as a sample, and the rest of it.
#[inline(always)]
pub fn split_sample<X: Sample>(buffer: &mut [X::Scalar]) -> (&mut X, &mut [X::Scalar]) {
    let (samples, rest) = split_samples(buffer, 1);
    (&mut samples[0], rest)
}

/// The last scalars of a buffer as a sample, and the rest of it.
#[inline(always)]
pub fn split_last_sample<X: Sample>(buffer: &mut [X::Scalar]) -> (&mut X, &mut [X::Scalar]) {
    let (samples, rest) = split_last_samples(buffer, 1);
    (&mut samples[0], rest)
}

/// A sample as one of another type with as many numbers: at the joint of two layers whose types only the compiler knows.
///
/// That they fit is what [`joint`] checks.
#[inline(always)]
pub fn recast<A: Sample, B: Sample>(sample: &A) -> &B {
    bytemuck::cast_ref(sample)
}

/// As [`recast`].
#[inline(always)]
pub fn recast_mut<A: Sample, B: Sample>(sample: &mut A) -> &mut B {
    bytemuck::cast_mut(sample)
}

/// As [`recast`], for a batch.
#[inline(always)]
pub fn recast_all<A: Sample, B: Sample>(samples: &[A]) -> &[B] {
    cast(samples)
}

/// As [`recast`], for a batch.
#[inline(always)]
pub fn recast_all_mut<A: Sample, B: Sample>(samples: &mut [A]) -> &mut [B] {
    cast_mut(samples)
}

/// Stops the compiler where a layer takes another shape than it is given: `` `Discriminator` takes a vector 784, but `Generator` gives
/// a vector 783``. `own` is what a network in the place of a layer gives that is not the last: `` `ActorCritic` gives a record of `action`, a vector 2, …``.
/// Before a `layer` of the library, a record was an error where it is given.
///
/// # Panics
///
/// If the shapes differ, or `own` is a record.
#[track_caller]
pub const fn joint(
    taker: &str,
    takes: Shape,
    giver: &str,
    gives: Shape,
    own: Option<Shape>,
    layer: bool,
) {
    if let Some(own @ Shape::Record(_)) = own {
        let mut message = Message { bytes: [0; 512], len: 0 };
        message.push(taker);
        message.push_shape(takes);
        message.push(" and gives ");
        message.push_shape(own);
        message.push(": a network with `heads` stands last in another");
        panic!("{}", message.text());
    }
    let is_reported = layer && matches!(gives, Shape::Record(_));
    if !is_reported && !is_same(takes, gives) {
        let mut message = Message { bytes: [0; 512], len: 0 };
        message.push(taker);
        message.push_shape(takes);
        message.push(giver);
        message.push_shape(gives);
        panic!("{}", message.text());
    }
}

/// Whether two shapes are equal: `==`, which is not `const`.
const fn is_same(shape: Shape, other: Shape) -> bool {
    match (shape, other) {
        (Shape::Vector(length), Shape::Vector(other)) => length == other,
        (Shape::Image(c, h, w), Shape::Image(channels, rows, columns)) => {
            c == channels && h == rows && w == columns
        }
        (Shape::Record(fields), Shape::Record(others)) => are_alike(fields, others),
        _ => false,
    }
}

/// Whether two records have fields of the same names and shapes.
const fn are_alike(
    mut fields: &[(&'static str, Shape)],
    mut others: &[(&'static str, Shape)],
) -> bool {
    while let ([(name, shape), rest @ ..], [(other_name, other), other_rest @ ..]) =
        (fields, others)
    {
        let (mut letters, mut other_letters) = (name.as_bytes(), other_name.as_bytes());
        while let ([letter, rest @ ..], [other, other_rest @ ..]) = (letters, other_letters) {
            if *letter != *other {
                return false;
            }
            (letters, other_letters) = (rest, other_rest);
        }
        if !is_same(*shape, *other) || !letters.is_empty() || !other_letters.is_empty() {
            return false;
        }
        (fields, others) = (rest, other_rest);
    }
    fields.is_empty() && others.is_empty()
}

/// Stops the compiler where a layer of images is given a vector: `` `conv1` takes an image, but `Encoder` gives a vector 784``.
///
/// # Panics
///
/// If it is one.
#[track_caller]
pub const fn image(taker: &str, gives: Shape) {
    if let Shape::Vector(_) = gives {
        let mut message = Message { bytes: [0; 512], len: 0 };
        message.push(taker);
        message.push_shape(gives);
        message.push(": put `reshape CxHxW` before it");
        panic!("{}", message.text());
    }
}

/// Of what the layer gives: the number of its dimensions, 1 or 3, then its channels, rows and columns. The channels of a vector are its numbers.
#[must_use]
pub const fn dimension<L: Layer>(index: usize) -> usize {
    let dimensions = match <L::Output as Sample>::SHAPE {
        Shape::Vector(length) => [1, length, 1, 1],
        Shape::Image(channels, rows, columns) => [3, channels, rows, columns],
        // It was an error: see `joint`.
        shape @ Shape::Record(_) => [1, shape.len(), 1, 1],
    };
    dimensions[index]
}

/// A number of dimensions.
#[derive(Debug)]
pub struct Rank<const RANK: usize>;

/// The sample with these sizes: where only the compiler knows whether a layer gives a vector or an image.
pub trait Shaped<const CHANNELS: usize, const ROWS: usize, const COLUMNS: usize, T> {
    type Sample: Sample<Scalar = T>;
}

impl<const CHANNELS: usize, const ROWS: usize, const COLUMNS: usize, T: Scalar>
    Shaped<CHANNELS, ROWS, COLUMNS, T> for Rank<1>
{
    type Sample = SVector<T, CHANNELS>;
}

impl<const CHANNELS: usize, const ROWS: usize, const COLUMNS: usize, T: Scalar>
    Shaped<CHANNELS, ROWS, COLUMNS, T> for Rank<3>
{
    type Sample = Image<CHANNELS, ROWS, COLUMNS, T>;
}

/// That sizes which only the compiler knows are as a layer needs them.
///
/// A function, not `assert!`: an editor would show what that expands to where the sizes are written. `sizes` are those that the message
/// names, with their values.
///
/// # Panics
///
/// If they are not.
#[track_caller]
pub const fn require(holds: bool, message: &str, mut sizes: &[(&str, usize)]) {
    if !holds {
        let mut text = Message { bytes: [0; 512], len: 0 };
        text.push(message);
        let mut between = " (where ";
        while let [(name, value), rest @ ..] = sizes {
            text.push(between);
            text.push("`");
            text.push(name);
            text.push("` is ");
            text.push_number(*value);
            between = ", ";
            sizes = rest;
            if rest.is_empty() {
                text.push(")");
            }
        }
        panic!("{}", text.text());
    }
}

/// Text that is put together while the program compiles.
struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = bytes[index];
            self.len += 1;
            index += 1;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a digit")]
    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        if self.len < self.bytes.len() {
            self.bytes[self.len] = b'0' + (number % 10) as u8;
            self.len += 1;
        }
    }

    const fn push_shape(&mut self, shape: Shape) {
        match shape {
            Shape::Vector(length) => {
                self.push("a vector ");
                self.push_number(length);
            }
            Shape::Image(channels, rows, columns) => {
                self.push("an image ");
                self.push_number(channels);
                self.push("x");
                self.push_number(rows);
                self.push("x");
                self.push_number(columns);
            }
            Shape::Record(mut fields) => {
                self.push("a record of ");
                let mut between = "";
                while let [(name, shape), rest @ ..] = fields {
                    self.push(between);
                    self.push("`");
                    self.push(name);
                    self.push("`, ");
                    self.push_shape(*shape);
                    between = ", and ";
                    fields = rest;
                }
            }
        }
    }

    const fn text(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            // A very long name was cut within a letter.
            Err(_) => "two layers do not fit each other",
        }
    }
}

/// What a layer at the end of a network leaves of the activation before it, as a type: see [`passed`].
#[derive(Debug)]
pub struct End<const PASSED: u8>;

/// The activation that a network ends in, whose last layer has the activation `Own`, and what is before it ends in `Before`.
pub trait Behind<Before, Own> {
    type Activation: Activation;
}

/// The layer's own.
pub const OWN: u8 = 0;
/// That before it.
pub const SAME: u8 = 1;
const MIXED: u8 = 2;
const DROPPED: u8 = 3;

impl<Before, Own: Activation> Behind<Before, Own> for End<OWN> {
    type Activation = Own;
}

impl<Before: Activation, Own> Behind<Before, Own> for End<SAME> {
    type Activation = Before;
}

impl<Before: Activation, Own> Behind<Before, Own> for End<MIXED> {
    type Activation = Probabilities<Before>;
}

impl<Before: Activation, Own> Behind<Before, Own> for End<DROPPED> {
    type Activation = Dropped<Before>;
}

/// What the layer `L` leaves of the activation `Before` in front of it. Numbers that are no probabilities are scores for a loss, wherever
/// they come from: of them nothing has to be known.
#[must_use]
pub const fn passed<L: Layer, Before: Activation>(passes: Passes) -> u8 {
    match passes {
        Passes::Nothing => OWN,
        _ if is_score::<Before>() => OWN,
        // `softmax` belongs together with the channels of a pixel, which another shape tears apart.
        Passes::Numbers
            if Before::ELEMENTWISE
                || <L::Input as Sample>::PIXELS == <L::Output as Sample>::PIXELS =>
        {
            SAME
        }
        Passes::Numbers | Passes::Probabilities => MIXED,
        Passes::Dropped => DROPPED,
    }
}

/// [`passed`] for a head: its loss is given what the layer gives, and not the scores from which that came.
#[must_use]
pub const fn passed_by_head<L: Layer, Before: Activation>(passes: Passes) -> u8 {
    match passed::<L, Before>(passes) {
        SAME => MIXED,
        other => other,
    }
}

/// The activation that two blocks side by side end in, of which the first ends in `First`, the second in `Second`: see [`joined`].
pub trait Beside<First, Second> {
    type Activation: Activation;
}

const ALIKE: u8 = 4;
const UNLIKE: u8 = 5;

impl<First, Second> Beside<First, Second> for End<OWN> {
    type Activation = Identity;
}

impl<First: Activation, Second: Activation> Beside<First, Second> for End<ALIKE> {
    type Activation = Joined<First, Second, true>;
}

impl<First: Activation, Second: Activation> Beside<First, Second> for End<UNLIKE> {
    type Activation = Joined<First, Second, false>;
}

/// What the outputs of two blocks are together: numbers, unless one of them gives probabilities.
#[must_use]
pub const fn joined<First: Activation, Second: Activation>() -> u8 {
    if is_score::<First>() && is_score::<Second>() {
        OWN
    } else if First::THRESHOLD == Second::THRESHOLD && First::DISTRIBUTION == Second::DISTRIBUTION {
        ALIKE
    } else {
        UNLIKE
    }
}

/// Whether its outputs are no probabilities.
const fn is_score<A: Activation>() -> bool {
    A::THRESHOLD == 0.0 && !A::DISTRIBUTION
}

/// `L`, if the constant `CHECK` can be computed. If not, that is an error where the constant is, and here the compiler knows no type: it
/// says nothing about what the network does with it.
#[derive(Debug)]
pub struct Checked<L, const CHECK: usize>(core::marker::PhantomData<L>);

/// What is in a [`Checked`].
pub trait Own {
    type Type;
}

impl<L, const CHECK: usize> Own for Checked<L, CHECK> {
    type Type = L;
}

/// A copy on the heap, without a detour over the stack.
#[cfg(feature = "alloc")]
#[must_use]
pub fn clone<P: crate::Parameters>(parameters: &P) -> Box<P> {
    let mut copy = P::zeros();
    copy.as_mut_slice().copy_from_slice(parameters.as_slice());
    copy
}

/// A network with random weights, others in each process: from the keys of the standard library's hash tables, which the operating system gives at random.
///
/// `rand` has a generator for this, which asks the system itself, and does not build where there is none, as in a browser. There, the keys are always the same.
#[cfg(feature = "std")]
#[must_use]
pub fn random<N: crate::Network>() -> Box<N> {
    use rand::SeedableRng;
    use std::hash::{BuildHasher, RandomState};
    // Each state has keys of its own.
    let seed = RandomState::new().hash_one(0_u64);
    N::random(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of each threshold.
    #[test]
    fn chunks() {
        // Small layers, whatever they have parameters: 24-8-2, 6-64-8-4, 784-128-10, 20 layers of 64.
        assert_eq!(chunk(&[8], 218), 256);
        assert_eq!(chunk(&[64, 8], 1_004), 32);
        assert_eq!(chunk(&[128], 101_770), 24);
        assert_eq!(chunk(&[64; 19], 79_690), 32);
        assert_eq!(chunk(&[255], FAR - 1), 24);
        assert_eq!(chunk(&[256], FAR - 1), 64);
        assert_eq!(chunk(&[1024], FAR - 1), 32);
        // Large ones: 784-512-512-10, 1024-2048-2048-1000, 512-4096-512.
        assert_eq!(chunk(&[512, 512], 669_706), 128);
        assert_eq!(chunk(&[2048, 2048], 8_344_552), 128);
        assert_eq!(chunk(&[4096], 4_198_912), 128);
        assert_eq!(chunk(&[4097], 4_199_937), 16);
        // Between them: the weights are read as often as what is between the layers.
        assert_eq!(chunk(&[1024], FAR), 63);
        assert_eq!(chunk(&[1024], FAR - 1), 32);
        // LeNet-5 on 28x28, and images with as many numbers as have a large layer behind them.
        assert_eq!(chunk(&[3456, 864, 1024, 256, 120, 84], 44_426), 9);
        assert_eq!(chunk(&[3456, 864, 1024, 256], 300_000), 26);
        assert_eq!(chunk(&[65536, 65536, 16384], 2_000_000), 8);
        assert_eq!(chunk(&[IMAGES + 1], 2_000_000), 1);
    }
}
