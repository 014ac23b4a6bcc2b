//! What the elementary functions need to know of each scalar: the polynomials and the layout of the bits.
//!
//! `coefficients.py` in this folder fits and prints the polynomials.

use crate::simd::lanes::Lanes;

/// A scalar's constants for the elementary functions.
#[doc(hidden)]
pub trait Elementary: Lanes {
    /// The exponent's bias: the exponent field of 1.
    const BIAS: f64;
    /// `1.5 * 2^m` for `m` bits of mantissa. Added to a small number, it leaves the nearest integer in the sum's lowest bits.
    const ROUND: f64;
    /// `ln 2` is `LN_2_HIGH + LN_2_LOW`; an exponent times the high part is exact.
    const LN_2_HIGH: f64;
    /// The low part of `ln 2`.
    const LN_2_LOW: f64;
    /// Below this, `exp_m1(x)` and `ln_1p(x)` are `x`: a quarter of the machine's epsilon.
    const TINY: f64;

    /// A little above where `exp` overflows.
    const EXP_HIGH: f64;
    /// A little below where `exp` becomes zero.
    const EXP_LOW: f64;
    /// From here on `1 + exp(-x)` is 1; up to here `exp(-x) * 2^-SIGMOID_EXPONENT` is a normal number.
    const SIGMOID_HIGH: f64;
    /// `exp(-EXP_LOW) * 2^-SIGMOID_EXPONENT` does not overflow.
    const SIGMOID_EXPONENT: i32;
    /// Below where `exp_m1` becomes -1.
    const EXP_M1_LOW: f64;
    /// A little above where `tanh` becomes 1.
    const TANH_HIGH: f64;
    /// Where `erf` goes over from one polynomial to the other.
    const ERF_MIDDLE: f64;
    /// A little above where `erf` becomes 1.
    const ERF_HIGH: f64;
    /// The smallest normal number.
    const SMALLEST_NORMAL: f64;
    /// Every subnormal number times `2^NORMALIZE` is normal.
    const NORMALIZE: i32;
    /// What [`split`](Self::split) adds to the exponent.
    const SPLIT_BIAS: f64;

    /// `exp(r) = 1 + r + r^2 q(r)` where `|r| <= ln(2) / 2`.
    const EXP: &'static [f64];
    /// `ln((1 + s) / (1 - s)) = 2 s + s z q(z)` where `z = s^2` and `|s| <= 0.1716`.
    const LN: &'static [f64];
    /// `tanh(y) = y + y z q(z)` where `z = y^2` and `|y| <= ln(2) / 4`.
    const TANH: &'static [f64];
    /// `erf(x) = x + x q(x^2)` up to [`ERF_MIDDLE`](Self::ERF_MIDDLE).
    const ERF_NEAR: &'static [f64];
    /// `erf(x) = 1 - exp(q(x))` from there on.
    const LN_ERFC: &'static [f64];

    /// The lowest bits as an exponent field.
    fn exponent(bits: Self::Bits) -> Self::Bits;

    /// A positive normal number `x = m * 2^k` with `m` in `[sqrt(1/2), sqrt(2))`: the bits of `k + SPLIT_BIAS` and of `m`.
    fn split(bits: Self::Bits) -> (Self::Bits, Self::Bits);
}

impl Elementary for f32 {
    const BIAS: f64 = 127.0;
    const ROUND: f64 = 12582912.0;
    const LN_2_HIGH: f64 = 6.931_457_519_531_25e-1;
    const LN_2_LOW: f64 = 1.428_606_765_330_187e-6;
    const TINY: f64 = f32::EPSILON as f64 / 4.0;

    const EXP_HIGH: f64 = 89.0;
    const EXP_LOW: f64 = -104.5;
    const SIGMOID_HIGH: f64 = 70.0;
    const SIGMOID_EXPONENT: i32 = 24;
    const EXP_M1_LOW: f64 = -20.0;
    const TANH_HIGH: f64 = 9.1;
    const ERF_MIDDLE: f64 = 0.9;
    const ERF_HIGH: f64 = 3.95;
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    const NORMALIZE: i32 = 25;
    const SPLIT_BIAS: f64 = 8388735.0;

    // Largest weighted error 3.1e-9.
    const EXP: &'static [f64] =
        &[4.9999994e-01, 1.6666521e-01, 4.166839e-02, 8.368736e-03, 1.3814591e-03];
    // Largest weighted error 1.6e-9.
    const LN: &'static [f64] = &[6.6666776e-01, 3.9977536e-01, 2.987186e-01];
    // Largest weighted error 1.6e-10.
    const TANH: &'static [f64] = &[-3.3333322e-01, 1.3331163e-01, -5.2721035e-02];
    // Largest weighted error 1.2e-8.
    const ERF_NEAR: &'static [f64] = &[
        1.2837915e-01,
        -3.7612534e-01,
        1.128223e-01,
        -2.6781956e-02,
        5.0162273e-03,
        -6.111287e-04,
    ];
    // Largest weighted error 1.6e-9.
    const LN_ERFC: &'static [f64] = &[
        -1.7752161e-04,
        -1.1277494e+00,
        -6.3706e-01,
        -1.0403714e-01,
        2.2276975e-02,
        -3.055577e-03,
        1.9717832e-04,
    ];

    #[inline(always)]
    fn exponent(bits: u32) -> u32 {
        bits << 23
    }

    #[inline(always)]
    fn split(bits: u32) -> (u32, u32) {
        const ONE: u32 = 0x3f80_0000;
        const SQRT_HALF: u32 = 0x3f35_04f3;
        // The number 2^23, whose lowest mantissa bit is worth 1.
        const UNIT: u32 = 0x4b00_0000;
        let shifted = bits.wrapping_add(ONE - SQRT_HALF);
        (UNIT | (shifted >> 23), (shifted & 0x007f_ffff) + SQRT_HALF)
    }
}

impl Elementary for f64 {
    const BIAS: f64 = 1023.0;
    const ROUND: f64 = 6755399441055744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const TINY: f64 = f64::EPSILON / 4.0;

    const EXP_HIGH: f64 = 710.0;
    const EXP_LOW: f64 = -746.0;
    const SIGMOID_HIGH: f64 = 650.0;
    const SIGMOID_EXPONENT: i32 = 53;
    const EXP_M1_LOW: f64 = -40.0;
    const TANH_HIGH: f64 = 19.1;
    const ERF_MIDDLE: f64 = 1.0;
    const ERF_HIGH: f64 = 5.95;
    const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;
    const NORMALIZE: i32 = 54;
    const SPLIT_BIAS: f64 = 4503599627371519.0;

    // Largest weighted error 3.6e-18.
    const EXP: &'static [f64] = &[
        5.000000000000011e-01,
        1.6666666666666413e-01,
        4.166666666652982e-02,
        8.333333333494564e-03,
        1.3888888943728705e-03,
        1.9841269506562745e-04,
        2.480149298814896e-05,
        2.7557586191833723e-06,
        2.7630290629727046e-07,
        2.5000182716569985e-08,
    ];
    // Largest weighted error 2.5e-18.
    const LN: &'static [f64] = &[
        6.666666666666734e-01,
        3.9999999999414293e-01,
        2.857142874247752e-01,
        2.2222198563480558e-01,
        1.8183564856319573e-01,
        1.5314036314437193e-01,
        1.4796098896579427e-01,
    ];
    // Largest weighted error 4.2e-18.
    const TANH: &'static [f64] = &[
        -3.333333333333246e-01,
        1.3333333332770053e-01,
        -5.396825275815922e-02,
        2.1869368929055274e-02,
        -8.857248826224684e-03,
        3.4440964673550798e-03,
    ];
    // Largest weighted error 7.1e-18.
    const ERF_NEAR: &'static [f64] = &[
        1.2837916709551256e-01,
        -3.761263890318355e-01,
        1.1283791670945252e-01,
        -2.6866170643275872e-02,
        5.223977607420149e-03,
        -8.548325989526046e-04,
        1.2055295315255412e-04,
        -1.4924744562627928e-05,
        1.6447516452895118e-06,
        -1.6209166747390856e-07,
        1.3722937760608288e-08,
        -7.801119296347657e-10,
    ];
    // Largest weighted error 1.2e-18.
    const LN_ERFC: &'static [f64] = &[
        -1.8450952425441312e-07,
        -1.1283772811384074e+00,
        -6.366287096790165e-01,
        -1.0274662517825955e-01,
        1.90769199461109e-02,
        2.822815282932715e-04,
        -1.7709855947417757e-03,
        6.428870503554547e-04,
        -4.5993328077157e-05,
        -6.97295789302094e-05,
        4.4760611027566955e-05,
        -1.6418168912417586e-05,
        4.3008451004100886e-06,
        -8.449866565045563e-07,
        1.2479608245511285e-07,
        -1.3517908780892849e-08,
        1.0166749409907287e-09,
        -4.749721043302108e-11,
        1.0385563244280378e-12,
    ];

    #[inline(always)]
    fn exponent(bits: u64) -> u64 {
        bits << 52
    }

    #[inline(always)]
    fn split(bits: u64) -> (u64, u64) {
        const ONE: u64 = 0x3ff0_0000_0000_0000;
        const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
        // The number 2^52, whose lowest mantissa bit is worth 1.
        const UNIT: u64 = 0x4330_0000_0000_0000;
        let shifted = bits.wrapping_add(ONE - SQRT_HALF);
        (UNIT | (shifted >> 52), (shifted & 0x000f_ffff_ffff_ffff) + SQRT_HALF)
    }
}
