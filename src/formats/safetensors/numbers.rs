//! The types of numbers that a file can hold, and how those of networks are read from four of them.

use super::header::Text;
use crate::core::Scalar;
use crate::core::weights_error::Dtype;

impl Dtype {
    pub(crate) fn of(word: Text<'_>) -> Option<Self> {
        Self::all().find(|dtype| word.is(dtype.word()))
    }

    /// That of a network's numbers.
    pub(crate) fn scalar<T: Scalar>() -> Self {
        if size_of::<T>() == 4 { Self::F32 } else { Self::F64 }
    }

    /// Whether networks are read from it.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Each number of this type in some bytes, as the nearest one of a network's type.
    ///
    /// Those of 16 bits are exact in both; an `F64` that `f32` has no finite number near becomes infinite.
    pub(crate) fn numbers<T: Scalar>(self, bytes: &[u8], mut take: impl FnMut(T)) {
        if self == Self::scalar::<T>() {
            // The same bits, those of NaN too.
            for bytes in bytes.chunks_exact(size_of::<T>()) {
                let mut number = T::zero();
                let target = bytemuck::bytes_of_mut(&mut number);
                target.copy_from_slice(bytes);
                if cfg!(target_endian = "big") {
                    target.reverse();
                }
                take(number);
            }
            return;
        }
        let mut take = |number: f64| take(T::of(number));
        match self {
            Self::F16 => of_two(bytes).for_each(|bits| take(f16(bits).into())),
            Self::BF16 => of_two(bytes).for_each(|bits| take(bf16(bits).into())),
            Self::F32 => {
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .for_each(|bytes| take(f32::from_le_bytes(*bytes).into()));
            }
            Self::F64 => {
                bytes.as_chunks().0.iter().for_each(|bytes| take(f64::from_le_bytes(*bytes)));
            }
            _ => {}
        }
    }

    /// A number that is finite here, and would not be in a network.
    pub(crate) fn beyond<T: Scalar>(self, bytes: &[u8]) -> Option<f64> {
        if self != Self::F64 || Self::scalar::<T>() == Self::F64 {
            return None;
        }
        let mut numbers = bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
        numbers.find(|number| number.is_finite() && !T::of(*number).is_finite())
    }
}

fn of_two(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes))
}

/// Half precision (IEEE 754 binary16): a sign, 5 bits of exponent, 10 of the fraction.
fn f16(bits: u16) -> f32 {
    /// What the last bit of a number below 2⁻¹⁴ is worth: 2⁻²⁴.
    const SMALLEST: f32 = f32::EPSILON / 2.0;
    let sign = u32::from(bits & 0x8000) << 16;
    let fraction = bits & 0x3ff;
    let magnitude = match (bits >> 10) & 0x1f {
        0 => (f32::from(fraction) * SMALLEST).to_bits(),
        0x1f => 0x7f80_0000 | u32::from(fraction) << 13,
        // The exponent counts from 15 below zero, that of an `f32` from 127.
        exponent => u32::from(exponent + 127 - 15) << 23 | u32::from(fraction) << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// "Brain" floating point: the first half of an `f32`.
fn bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::{Dtype, bf16, f16};

    /// The same number, bit for bit; of NaN, that it is one of the same sign.
    fn same(a: f32, b: f32) -> bool {
        a.to_bits() == b.to_bits()
            || a.is_nan() && b.is_nan() && a.is_sign_negative() == b.is_sign_negative()
    }

    #[test]
    fn all_of_16_bits() {
        for bits in 0..=u16::MAX {
            assert!(same(f16(bits), half::f16::from_bits(bits).to_f32()), "{bits:#06x}");
            assert!(same(bf16(bits), half::bf16::from_bits(bits).to_f32()), "{bits:#06x}");
        }
    }

    #[test]
    fn all_of_16_bits_into_both_scalars() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for (dtype, read) in [(Dtype::F16, f16 as fn(u16) -> f32), (Dtype::BF16, bf16)] {
            let (mut single, mut double) = (Vec::new(), Vec::new());
            dtype.numbers(&bytes, |number: f32| single.push(number));
            dtype.numbers(&bytes, |number: f64| double.push(number));
            assert_eq!((single.len(), double.len()), (65536, 65536));
            for bits in 0..=u16::MAX {
                let expected = read(bits);
                assert!(same(single[usize::from(bits)], expected), "{bits:#06x}");
                let double = double[usize::from(bits)];
                assert!(same(double as f32, expected), "{bits:#06x}");
                assert!(double.is_nan() || double == f64::from(expected), "{bits:#06x}");
            }
        }
    }
}
