//! What a kernel does to each result while it is in a register.

use pulp::Simd;

use crate::simd::{Element, Vector};

/// What a kernel does to each result before it is stored: an activation, which kernels know by this alone.
///
/// A type and not a closure or a function: those would not be compiled for the instruction set of the pass.
pub(crate) trait Epilogue<T: Element> {
    /// Whether results stay as they are. No compiler removes loads and stores that change nothing.
    const IDENTITY: bool;

    fn element<S: Simd>(result: Vector<T, S>) -> Vector<T, S>;
}

/// Results stay as they are.
pub(crate) struct NoEpilogue;

impl<T: Element> Epilogue<T> for NoEpilogue {
    const IDENTITY: bool = true;

    #[inline(always)]
    fn element<S: Simd>(result: Vector<T, S>) -> Vector<T, S> {
        result
    }
}
