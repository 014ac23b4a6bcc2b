//! What a layer's kernels are called when they are printed.

use core::fmt;

/// The product of a layer, and the kernels that compute it and its two gradients, for some number of samples on some instruction set.
///
/// A kernel is called as its plan's variant in `src/kernels/gemm/plan.rs`, `conv/plan.rs` or `pool/plan.rs`, which say what it does, and when it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerPlan {
    /// m, k, n of the forward product: C (m x n) = A (m x k) B (k x n). A dense layer has m outputs, k inputs, n samples; a convolution, for each sample and group, m output
    /// pixels, k numbers in a patch, n output channels; a transposed one, m input pixels, k input channels, n numbers in a patch. A max-pool multiplies nothing: it has
    /// m output pixels, k numbers in a window, n channels.
    pub product: [usize; 3],
    /// `forward` and `forward_batch`.
    pub forward: KernelName,
    /// The forward pass of a training step.
    pub training: KernelName,
    /// dX. A network does not compute that of its own input.
    pub input_gradient: KernelName,
    /// dW. `-` where there are no weights.
    pub weight_gradient: KernelName,
}

/// The name of a kernel, `Tiled`, or of one that calls another, `SplitK(Tiled)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelName {
    outer: &'static str,
    inner: &'static str,
}

impl KernelName {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { outer: name, inner: "" }
    }

    pub(crate) const fn calling(name: &'static str, inner: &'static str) -> Self {
        Self { outer: name, inner }
    }
}

impl fmt::Display for KernelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.outer)?;
        if !self.inner.is_empty() {
            write!(formatter, "({})", self.inner)?;
        }
        Ok(())
    }
}
