//! The vector operations that `f32` and `f64` have on every instruction set.

use core::fmt::Debug;

use bytemuck::Pod;
use pulp::Simd;

/// One vector register of a scalar type and the operations on it, for each instruction set `S`.
///
/// A plain table from (operation, type) to `pulp`'s methods; [`Vector`](crate::simd::Vector) is the type to write arithmetic with.
#[doc(hidden)]
pub trait Lanes: Copy + 'static {
    /// Bits of the same width.
    type Bits: Pod;
    /// A vector register.
    type Register<S: Simd>: Pod + Debug + Send + Sync;
    /// The result of a comparison.
    type Mask<S: Simd>: Copy;

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;
    fn v_add<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_sub<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_mul<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_div<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_mul_add<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;
    fn v_min<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_max<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_and<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_or<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn v_abs<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;
    fn v_neg<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;
    fn v_sqrt<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;
    fn less_than<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Mask<S>;
    fn equal<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Mask<S>;
    fn select<S: Simd>(
        simd: S,
        mask: Self::Mask<S>,
        if_true: Self::Register<S>,
        if_false: Self::Register<S>,
    ) -> Self::Register<S>;
    fn reduce_sum<S: Simd>(simd: S, a: Self::Register<S>) -> Self;
    fn reduce_max<S: Simd>(simd: S, a: Self::Register<S>) -> Self;
}

macro_rules! lanes {
    (
        $scalar:ty, $bits:ty, $register:ident, $mask:ident, $splat:ident,
        binary { $($binary:ident = $binary_pulp:ident,)* }
        unary { $($unary:ident = $unary_pulp:ident,)* }
        compare { $($compare:ident = $compare_pulp:ident,)* }
        reduce { $($reduce:ident = $reduce_pulp:ident,)* }
        $mul_add:ident, $select:ident
    ) => {
        impl Lanes for $scalar {
            type Bits = $bits;
            type Register<S: Simd> = S::$register;
            type Mask<S: Simd> = S::$mask;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$register {
                simd.$splat(value)
            }

            $(
                #[inline(always)]
                fn $binary<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                    simd.$binary_pulp(a, b)
                }
            )*

            $(
                #[inline(always)]
                fn $unary<S: Simd>(simd: S, a: S::$register) -> S::$register {
                    simd.$unary_pulp(a)
                }
            )*

            $(
                #[inline(always)]
                fn $compare<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$mask {
                    simd.$compare_pulp(a, b)
                }
            )*

            $(
                #[inline(always)]
                fn $reduce<S: Simd>(simd: S, a: S::$register) -> Self {
                    simd.$reduce_pulp(a)
                }
            )*

            // The `_e` form may round twice where there is no fused instruction; the fused form would call libm's `fma` there.
            #[inline(always)]
            fn v_mul_add<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn select<S: Simd>(
                simd: S,
                mask: S::$mask,
                if_true: S::$register,
                if_false: S::$register,
            ) -> S::$register {
                simd.$select(mask, if_true, if_false)
            }
        }
    };
}

lanes!(
    f32, u32, f32s, m32s, splat_f32s,
    binary { v_add = add_f32s, v_sub = sub_f32s, v_mul = mul_f32s, v_div = div_f32s, v_min = min_f32s, v_max = max_f32s,
        v_and = and_f32s, v_or = or_f32s, }
    unary { v_abs = abs_f32s, v_neg = neg_f32s, v_sqrt = sqrt_f32s, }
    compare { less_than = less_than_f32s, equal = equal_f32s, }
    reduce { reduce_sum = reduce_sum_f32s, reduce_max = reduce_max_f32s, }
    mul_add_e_f32s, select_f32s
);

lanes!(
    f64, u64, f64s, m64s, splat_f64s,
    binary { v_add = add_f64s, v_sub = sub_f64s, v_mul = mul_f64s, v_div = div_f64s, v_min = min_f64s, v_max = max_f64s,
        v_and = and_f64s, v_or = or_f64s, }
    unary { v_abs = abs_f64s, v_neg = neg_f64s, v_sqrt = sqrt_f64s, }
    compare { less_than = less_than_f64s, equal = equal_f64s, }
    reduce { reduce_sum = reduce_sum_f64s, reduce_max = reduce_max_f64s, }
    mul_add_e_f64s, select_f64s
);
