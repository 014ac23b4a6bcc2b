//! What a kernel does to each result while it is in a register.

use core::ops::Range;

use pulp::Simd;

use crate::simd::{Element, Vector};

/// What a kernel does to each result before it is stored: an activation, which kernels know by this alone.
///
/// A type and not a closure or a function: those would not be compiled for the instruction set of the pass.
pub(crate) trait Epilogue<T: Element> {
    /// Whether results stay as they are. No compiler removes loads and stores that change nothing.
    const IDENTITY: bool;

    /// Whether this is `relu`, which the kernels that are compiled once know ([`PostOps::relu`]).
    const RELU: bool;

    fn element<S: Simd>(result: Vector<T, S>) -> Vector<T, S>;
}

/// Results stay as they are.
pub(crate) struct NoEpilogue;

impl<T: Element> Epilogue<T> for NoEpilogue {
    const IDENTITY: bool = true;
    const RELU: bool = false;

    #[inline(always)]
    fn element<S: Simd>(result: Vector<T, S>) -> Vector<T, S> {
        result
    }
}

/// What a convolution does to its sums before they are stored, as data: y = f(scale ⊙ y + shift + addend), where f is `relu` or the identity.
///
/// A bias is a shift; a batch normalization behind the convolution is a scale and a shift; the shortcut of a residual block is an addend. oneDNN's
/// post-ops. Data and not a type, so that a kernel is compiled once for all of them. Each kernel does them while the sums are in registers, in this order, as
/// `scale · y + shift` with one rounding, then `+ addend`.
#[derive(Clone, Copy, Debug)]
pub struct PostOps<'a, T> {
    /// One factor an output channel, or empty for 1.
    pub(crate) scale: &'a [T],
    /// One summand an output channel, or empty for 0. Without a scale, sums may begin with it.
    pub(crate) shift: &'a [T],
    /// One number for each output, in their order, or empty.
    pub(crate) addend: &'a [T],
    /// f
    pub(crate) relu: bool,
}

impl<'a, T> PostOps<'a, T> {
    /// A bias, one number a channel, or none.
    pub(crate) const fn bias(bias: &'a [T]) -> Self {
        Self { scale: &[], shift: bias, addend: &[], relu: false }
    }

    /// Of some channels of one sample of a batch, whose channels have `pixels` outputs each, and which has `len` outputs.
    #[inline(always)]
    pub(crate) fn of(
        self,
        sample: usize,
        len: usize,
        channels: Range<usize>,
        pixels: usize,
    ) -> Self {
        let start = sample * len;
        let outputs = start + channels.start * pixels..start + channels.end * pixels;
        Self {
            scale: self.scale.get(channels.clone()).unwrap_or_default(),
            shift: self.shift.get(channels).unwrap_or_default(),
            addend: self.addend.get(outputs).unwrap_or_default(),
            relu: self.relu,
        }
    }
}

impl<T: Element> PostOps<'_, T> {
    /// The addend and f, for outputs that have had the rest: `range` of all of them.
    #[inline(always)]
    pub(crate) fn add_addend(&self, outputs: &mut [T], range: Range<usize>) {
        for (y, addend) in outputs.iter_mut().zip(&self.addend[range]) {
            *y += *addend;
        }
        if self.relu {
            for y in outputs {
                // NaN stays.
                *y = if *y < T::zero() { T::zero() } else { *y };
            }
        }
    }

    /// Whether a kernel that begins its sums with a bias has done all.
    #[inline(always)]
    pub(crate) fn is_bias(&self) -> bool {
        self.scale.is_empty() && self.addend.is_empty() && !self.relu
    }

    /// The bias that sums begin with, where there is no scale.
    #[inline(always)]
    pub(crate) fn first(&self) -> &[T] {
        if self.scale.is_empty() { self.shift } else { &[] }
    }

    /// All of it behind a kernel whose sums began with [`first`](Self::first): for kernels that do not do it in registers. `outputs` are those of whole
    /// channels.
    #[inline(always)]
    pub(crate) fn finish<S: Simd>(&self, simd: S, outputs: &mut [T], pixels: usize) {
        if self.is_bias() {
            return;
        }
        let zero = Vector::splat(simd, T::zero());
        let rectified = |y: Vector<T, S>| {
            if self.relu { y.less_than(zero).select(zero, y) } else { y }
        };
        let lanes = Vector::<T, S>::LANES;
        for (channel, plane) in outputs.chunks_exact_mut(pixels).enumerate() {
            let scaled = self.scale.get(channel).map(|scale| {
                let shift = self.shift.get(channel).copied().unwrap_or_else(T::zero);
                (Vector::splat(simd, *scale), Vector::splat(simd, shift))
            });
            let addend = self.addend.get(channel * pixels..(channel + 1) * pixels);
            for (index, values) in plane.chunks_mut(lanes).enumerate() {
                let mut y = Vector::load_partial(simd, values);
                if let Some((scale, shift)) = scaled {
                    y = y.mul_add(scale, shift);
                }
                if let Some(addend) = addend {
                    let from = index * lanes;
                    y = y + Vector::load_partial(simd, &addend[from..from + values.len()]);
                }
                rectified(y).store_partial(values);
            }
        }
    }
}
