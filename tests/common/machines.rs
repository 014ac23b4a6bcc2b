//! Operations on the instruction sets of pulp, which are not those that the kernels choose.

use pulp::{Simd, WithSimd};

/// Runs an operation on each instruction set that the machine has.
pub(crate) fn on_every_machine<O: WithSimd + Clone>(
    operation: O,
) -> Vec<(&'static str, O::Output)> {
    let mut outputs = vec![("scalar", Simd::vectorize(pulp::Scalar, operation.clone()))];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        if let Some(simd) = pulp::x86::V3::try_new() {
            outputs.push(("AVX2", Simd::vectorize(simd, operation.clone())));
        }
        if let Some(simd) = pulp::x86::V4::try_new() {
            outputs.push(("AVX-512", Simd::vectorize(simd, operation.clone())));
        }
    }
    outputs.push(("best", pulp::Arch::new().dispatch(operation)));
    outputs
}
