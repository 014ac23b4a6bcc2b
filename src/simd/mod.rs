//! Vectors: the instruction set of the machine, registers of numbers, shuffles, and elementary functions. It knows nothing of the rest of the crate.
//!
//! | | |
//! |---|---|
//! | `isa` | which instruction set runs, and how a function is run on it |
//! | `element`, `lanes` | `f32` and `f64`, and the operations of each on a register |
//! | `vector` | [`Vector`] and [`Mask`], the types to write arithmetic with |
//! | `registers` | how many lanes and registers an instruction set has: what a kernel's plan depends on |
//! | `vectorized` | [`vectorized!`], a function whose body is compiled for each instruction set |
//! | `math` | `exp`, `ln`, `tanh`, `erf` and their like, with the largest error of each |
//! | `interleave`, `transpose` | shuffles between registers |
//! | `x86` | registers as those of AVX2 and AVX-512, for instructions that `pulp` does not have |

mod element;
mod interleave;
mod isa;
mod lanes;
mod math;
mod registers;
mod transpose;
mod vector;
mod vectorized;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub use element::Element;
pub(crate) use interleave::{deinterleave, interleave};
pub use isa::InstructionSet;
#[doc(hidden)]
pub use isa::{Isa, dispatch};
#[doc(hidden)]
pub use lanes::Lanes;
#[doc(hidden)]
pub use math::Elementary;
pub(crate) use registers::Registers;
pub(crate) use transpose::{Columns, MOST_SIDE, square_side, transpose, transpose_square};
pub(crate) use vector::{MOST_LANES, has_many_registers, lanes_between};
pub use vector::{Mask, Vector};
pub use vectorized::vectorized;
