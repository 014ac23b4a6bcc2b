//! The transforms of one line of a tile, in registers: rows first, then columns, makes those of a tile.
//!
//! With the polynomials of Winograd's algorithm evaluated at 0, ±[`P`], ±[`Q`] and ∞:
//!
//! | transform | from | to | of |
//! |---|---|---|---|
//! | [`input`] Bᵀ | 6 | 6 | numbers of an input |
//! | [`weights`] G | 3 | 6 | weights of a window |
//! | [`output`] Aᵀ | 6 | 4 | sums of products |
//! | [`output_gradient`] A | 4 | 6 | dY |
//! | [`weight_gradient`] Gᵀ | 6 | 3 | sums of products, for dW |

use pulp::Simd;

use crate::simd::{Element, Vector};

/// The points. Those of Lavin and Gray, 1 and 2, have twice the error in the mean and four times the largest one; the powers of these are exact in `f32`.
const P: f64 = 0.625;
const Q: f64 = 1.5;

const P2: f64 = P * P;
const Q2: f64 = Q * Q;

/// 1 / Π (xᵢ − xⱼ) for the points xᵢ = 0, ±P, ±Q.
const AT_ZERO: f64 = 1.0 / (P2 * Q2);
const AT_P: f64 = 1.0 / (2.0 * P2 * (P2 - Q2));
const AT_Q: f64 = 1.0 / (2.0 * Q2 * (Q2 - P2));

type Line<T, S, const N: usize> = [Vector<T, S>; N];

/// Bᵀ d
#[inline(always)]
pub(super) fn input<T: Element, S: Simd>(d: Line<T, S, 6>) -> Line<T, S, 6> {
    let number = |value| d[0].constant(value);
    let (even, odd) = (number(P2 * Q2), number(-P2 - Q2));
    let (p2, q2) = (number(-P2), number(-Q2));
    let near = [d[2].mul_add(q2, d[4]), d[1].mul_add(q2, d[3])];
    let far = [d[2].mul_add(p2, d[4]), d[1].mul_add(p2, d[3])];
    [
        d[0].mul_add(even, d[2].mul_add(odd, d[4])),
        near[1].mul_add(number(P), near[0]),
        near[1].mul_add(number(-P), near[0]),
        far[1].mul_add(number(Q), far[0]),
        far[1].mul_add(number(-Q), far[0]),
        d[1].mul_add(even, d[3].mul_add(odd, d[5])),
    ]
}

/// G g
#[inline(always)]
pub(super) fn weights<T: Element, S: Simd>(g: Line<T, S, 3>) -> Line<T, S, 6> {
    let number = |value| g[0].constant(value);
    let near = g[2].mul_add(number(AT_P * P2), g[0] * number(AT_P));
    let far = g[2].mul_add(number(AT_Q * Q2), g[0] * number(AT_Q));
    [
        g[0] * number(AT_ZERO),
        g[1].mul_add(number(AT_P * P), near),
        g[1].mul_add(number(-AT_P * P), near),
        g[1].mul_add(number(AT_Q * Q), far),
        g[1].mul_add(number(-AT_Q * Q), far),
        g[2],
    ]
}

/// Aᵀ m
#[inline(always)]
pub(super) fn output<T: Element, S: Simd>(m: Line<T, S, 6>) -> Line<T, S, 4> {
    let number = |value| m[0].constant(value);
    let (near, far) = ([m[1] + m[2], m[1] - m[2]], [m[3] + m[4], m[3] - m[4]]);
    [
        m[0] + near[0] + far[0],
        far[1].mul_add(number(Q), near[1] * number(P)),
        far[0].mul_add(number(Q2), near[0] * number(P2)),
        far[1].mul_add(number(Q2 * Q), near[1].mul_add(number(P2 * P), m[5])),
    ]
}

/// A y
#[cfg(feature = "train")]
#[inline(always)]
pub(super) fn output_gradient<T: Element, S: Simd>(y: Line<T, S, 4>) -> Line<T, S, 6> {
    let number = |value| y[0].constant(value);
    let even = [y[2].mul_add(number(P2), y[0]), y[2].mul_add(number(Q2), y[0])];
    let odd = [
        y[3].mul_add(number(P2 * P), y[1] * number(P)),
        y[3].mul_add(number(Q2 * Q), y[1] * number(Q)),
    ];
    [y[0], even[0] + odd[0], even[0] - odd[0], even[1] + odd[1], even[1] - odd[1], y[3]]
}

/// Gᵀ u
#[cfg(feature = "train")]
#[inline(always)]
pub(super) fn weight_gradient<T: Element, S: Simd>(u: Line<T, S, 6>) -> Line<T, S, 3> {
    let number = |value| u[0].constant(value);
    let (near, far) = ([u[1] + u[2], u[1] - u[2]], [u[3] + u[4], u[3] - u[4]]);
    [
        far[0].mul_add(number(AT_Q), near[0].mul_add(number(AT_P), u[0] * number(AT_ZERO))),
        far[1].mul_add(number(AT_Q * Q), near[1] * number(AT_P * P)),
        far[0].mul_add(number(AT_Q * Q2), near[0].mul_add(number(AT_P * P2), u[5])),
    ]
}
