//! The vector registers of an instruction set: all that a plan has to know of the machine.

use pulp::Simd;

use crate::simd::{Element, InstructionSet, Isa, Vector, has_many_registers};

/// The vector registers of an instruction set, for one scalar type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    /// Scalars in one.
    pub lanes: usize,
    /// Bytes of a scalar.
    pub scalar: usize,
    /// Whether there are 32 of them and not 16.
    pub are_many: bool,
}

impl Registers {
    /// Those of the instruction set that a kernel is compiled for.
    #[inline(always)]
    pub(crate) const fn of<T: Element, S: Simd>() -> Self {
        Self {
            lanes: Vector::<T, S>::LANES,
            scalar: size_of::<T>(),
            are_many: has_many_registers::<S>(),
        }
    }

    /// Those of an instruction set, which the machine need not have.
    #[inline(always)]
    pub(crate) const fn on<T>(set: InstructionSet) -> Self {
        let scalar = size_of::<T>();
        let (bytes, are_many) = match set {
            InstructionSet::Baseline => (scalar, false),
            InstructionSet::Avx2 => (32, false),
            InstructionSet::Avx512 => (64, true),
            InstructionSet::Neon | InstructionSet::Wasm => (16, true),
            #[cfg(test)]
            InstructionSet::Shapes => (64, true),
        };
        Self { lanes: bytes / scalar, scalar, are_many }
    }

    /// Those with half the lanes that the machine has as well: AVX2's, of AVX-512's. [`Isa::narrower`] runs on them.
    pub(crate) const fn narrower(self) -> Option<Self> {
        match self.bytes() {
            64 => Some(Self { lanes: self.lanes / 2, are_many: false, ..self }),
            _ => None,
        }
    }

    /// The bytes of one.
    pub(crate) const fn bytes(self) -> usize {
        self.lanes * self.scalar
    }
}

impl Isa {
    /// Its registers.
    #[inline(always)]
    pub(crate) const fn registers<T>(self) -> Registers {
        Registers::on::<T>(self.set())
    }
}

#[cfg(test)]
mod tests {
    use core::marker::PhantomData;

    use pulp::WithSimd;

    use super::*;

    struct Ask<T>(PhantomData<T>);

    impl<T: Element> WithSimd for Ask<T> {
        type Output = Registers;

        fn with_simd<S: Simd>(self, _simd: S) -> Registers {
            Registers::of::<T, S>()
        }
    }

    /// The table is that of the vectors which kernels are compiled for.
    #[test]
    fn registers_are_those_of_the_vectors() {
        let sets: Vec<_> = InstructionSet::available().collect();
        for set in sets {
            let isa = Isa::found(set);
            assert_eq!(isa.run(Ask::<f32>(PhantomData)), Registers::on::<f32>(set), "{set}");
            assert_eq!(isa.run(Ask::<f64>(PhantomData)), Registers::on::<f64>(set), "{set}");
        }
    }

    #[test]
    fn half_as_wide() {
        for set in InstructionSet::available().filter(|set| *set != InstructionSet::Shapes) {
            let narrower = Isa::found(set).narrower().set();
            assert!(InstructionSet::available().any(|set| set == narrower), "{set}");
            let registers = (narrower != set).then(|| Registers::on::<f32>(narrower));
            assert_eq!(Registers::on::<f32>(set).narrower(), registers, "{set}");
            let registers = (narrower != set).then(|| Registers::on::<f64>(narrower));
            assert_eq!(Registers::on::<f64>(set).narrower(), registers, "{set}");
        }
        let [wide, narrow] = [InstructionSet::Avx512, InstructionSet::Avx2];
        assert_eq!(Registers::on::<f32>(wide).narrower(), Some(Registers::on::<f32>(narrow)));
    }
}
