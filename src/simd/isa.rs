//! Which instruction set runs, and how something is run on it. To choose one takes a nanosecond.
//!
//! | to run | on the machine's best set | inside of a pass, on the pass's set |
//! |---|---|---|
//! | a pass, generic over `S: Simd` and compiled for each set where it is called | [`dispatch`]`(pass)` | `simd.vectorize(pass)` |
//! | a kernel, compiled once in this crate (`kernels::Entry`) | `T::gemm(Isa::current(), …)` | `T::gemm(Isa::of(simd), …)` |
//!
//! For one sample of a small network, the whole network is one pass: the set is chosen once, at its entry. Large layers and training choose again for each layer,
//! so that their code is compiled once (`layers::outlined`); a loop of a layer's own is a function that is [`vectorized!`](super::vectorized).

use core::any::TypeId;
use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use pulp::{Scalar as Baseline, Simd, WithSimd};

/// A set of vector instructions that kernels are compiled for.
///
/// Passes run on the best one that the machine has. [`InstructionSet::force`], or the environment variable
/// `AXONAL_INSTRUCTION_SET` (with the feature `std`), chooses another: for tests, and to reproduce another machine's results.
///
/// ```
/// use axonal::simd::InstructionSet;
///
/// let sets: Vec<_> = InstructionSet::available().collect();
/// assert!(sets.contains(&InstructionSet::Baseline));
/// assert!(sets.contains(&InstructionSet::current()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum InstructionSet {
    /// Whatever the crate was compiled for.
    Baseline = 1,
    /// AVX2 and FMA: 8 lanes of `f32` (x86-64).
    Avx2 = 2,
    /// AVX-512: 16 lanes of `f32` (x86-64).
    Avx512 = 3,
    /// NEON: 4 lanes of `f32` (aarch64).
    Neon = 4,
    /// The 128 bit vectors of WebAssembly.
    Wasm = 5,
    /// The shapes of AVX-512, 16 lanes of `f32` and the tiles for 32 registers, in scalar code: so that every machine tests them.
    #[cfg(test)]
    Shapes = 6,
}

/// The choice, or 0 while none was made.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl InstructionSet {
    const ALL: &[Self] = &[
        #[cfg(test)]
        Self::Shapes,
        Self::Baseline,
        Self::Avx2,
        Self::Avx512,
        Self::Neon,
        Self::Wasm,
    ];

    /// Those that this machine has, worst first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|set| set.is_available())
    }

    /// The one that passes run on.
    #[inline(always)]
    pub fn current() -> Self {
        match CURRENT.load(Ordering::Relaxed) {
            1 => Self::Baseline,
            2 => Self::Avx2,
            3 => Self::Avx512,
            4 => Self::Neon,
            5 => Self::Wasm,
            #[cfg(test)]
            6 => Self::Shapes,
            _ => Self::choose(),
        }
    }

    /// Runs all passes of this process on `set` from now on, and says whether the machine has it; where it does not, nothing changes.
    pub fn force(set: Self) -> bool {
        let available = set.is_available();
        if available {
            CURRENT.store(set as u8, Ordering::Relaxed);
        }
        available
    }

    #[cold]
    fn choose() -> Self {
        let set = Self::asked_for().or_else(|| Self::available().last()).unwrap_or(Self::Baseline);
        CURRENT.store(set as u8, Ordering::Relaxed);
        set
    }

    /// The set that the environment asks for. One that is unknown or missing here is reported, and the best one is used.
    #[cfg(feature = "std")]
    fn asked_for() -> Option<Self> {
        let name = std::env::var("AXONAL_INSTRUCTION_SET").ok()?;
        let set = Self::available().find(|set| set.to_string() == name);
        if set.is_none() {
            let available: Vec<_> = Self::available().map(|set| set.to_string()).collect();
            eprintln!(
                "axonal: AXONAL_INSTRUCTION_SET is `{name}`, but this machine has {}: using the best of these",
                available.join(", ")
            );
        }
        set
    }

    #[cfg(not(feature = "std"))]
    fn asked_for() -> Option<Self> {
        None
    }

    fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(test)]
            Self::Shapes => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::is_available(),
            #[cfg(target_family = "wasm")]
            Self::Wasm => pulp::wasm::Simd128::is_available(),
            _ => false,
        }
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::Wasm => "wasm",
            #[cfg(test)]
            Self::Shapes => "shapes",
        })
    }
}

/// Runs a pass on the [current](InstructionSet::current) instruction set.
#[inline(always)]
pub fn dispatch<P: WithSimd>(pass: P) -> P::Output {
    Isa::current().run(pass)
}

/// An instruction set that the machine has, because a pass runs on it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Isa(InstructionSet);

impl Isa {
    /// The [current](InstructionSet::current) one: it is that only after `is_available` found it on this machine.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        Self(InstructionSet::current())
    }

    /// Which one it is.
    #[inline(always)]
    pub(crate) const fn set(self) -> InstructionSet {
        self.0
    }

    /// The one whose vectors are [half as wide](super::Registers::narrower); itself, where there is none.
    #[inline(always)]
    pub(crate) const fn narrower(self) -> Self {
        Self(match self.0 {
            // A machine with AVX-512 has AVX2 and FMA, as `pulp` asks for them, too.
            InstructionSet::Avx512 => InstructionSet::Avx2,
            // No set in scalar code has vectors of that width. The baseline, too, has vectors that channels fill.
            #[cfg(test)]
            InstructionSet::Shapes => InstructionSet::Baseline,
            set => set,
        })
    }

    /// One of [`InstructionSet::available`].
    #[cfg(test)]
    pub(crate) fn found(set: InstructionSet) -> Self {
        assert!(set.is_available(), "the machine has no {set}");
        Self(set)
    }

    /// That of a pass.
    #[inline(always)]
    pub(crate) fn of<S: Simd>(_simd: S) -> Self {
        #[allow(unused_variables, reason = "some processors have the baseline alone")]
        let is = |set| TypeId::of::<S>() == set;
        Self(match () {
            #[cfg(target_arch = "x86_64")]
            () if is(TypeId::of::<pulp::x86::V4>()) => InstructionSet::Avx512,
            #[cfg(target_arch = "x86_64")]
            () if is(TypeId::of::<pulp::x86::V3>()) => InstructionSet::Avx2,
            #[cfg(target_arch = "aarch64")]
            () if is(TypeId::of::<pulp::aarch64::Neon>()) => InstructionSet::Neon,
            #[cfg(target_family = "wasm")]
            () if is(TypeId::of::<pulp::wasm::Simd128>()) => InstructionSet::Wasm,
            #[cfg(test)]
            () if is(TypeId::of::<pulp::Scalar512b>()) => InstructionSet::Shapes,
            () => InstructionSet::Baseline,
        })
    }

    /// Runs a pass on it.
    #[inline(always)]
    pub(crate) fn run<P: WithSimd>(self, pass: P) -> P::Output {
        match self.0 {
            // SAFETY, for each: the machine has the set, by this type.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => {
                Simd::vectorize(unsafe { pulp::x86::V4::new_unchecked() }, pass)
            }
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => {
                Simd::vectorize(unsafe { pulp::x86::V3::new_unchecked() }, pass)
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => {
                Simd::vectorize(unsafe { pulp::aarch64::Neon::new_unchecked() }, pass)
            }
            // SAFETY: as above.
            #[cfg(target_family = "wasm")]
            InstructionSet::Wasm => {
                Simd::vectorize(unsafe { pulp::wasm::Simd128::new_unchecked() }, pass)
            }
            #[cfg(test)]
            InstructionSet::Shapes => pulp::Scalar512b.vectorize(pass),
            _ if Self::HAS_BETTER => outlined(pass),
            _ => Baseline.vectorize(pass),
        }
    }

    /// Whether machines of this kind have another set than the baseline, as a rule.
    const HAS_BETTER: bool =
        cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_family = "wasm"));
}

/// Runs a pass on the baseline, in a function of its own: what it has on the stack is none of the caller's, which is below the pass on any other set.
#[inline(never)]
fn outlined<P: WithSimd>(pass: P) -> P::Output {
    Baseline.vectorize(pass)
}
