//! A line search for the strong Wolfe conditions, that of PyTorch's `LBFGS`, after M. Schmidt's minFunc.
//!
//! Along a direction **d** from a point of loss f and slope f′ < 0, a step t is looked for whose loss f(t) and slope f′(t) are small enough:
//!
//! ```text
//! f(t) ≤ f + c₁ t f′      |f′(t)| ≤ c₂ |f′|
//! ```
//!
//! Source: J. Nocedal, S. Wright, Numerical optimization (2006), algorithms 3.5 and 3.6.

/// c₁: how much of what the slope promises a step gains at least.
const GAIN: f64 = 1e-4;

/// c₂: how much of the slope a step leaves at most.
const SLOPE: f64 = 0.9;

/// How many points a search looks at beyond the first.
const MOST: usize = 25;

/// A point on the line.
#[derive(Clone, Debug)]
pub(super) struct Point<T> {
    /// The step to it.
    pub(super) t: f64,
    /// Infinite, if it or the gradient is not finite.
    pub(super) loss: f64,
    /// The derivative of the loss by t.
    pub(super) slope: f64,
    pub(super) gradient: Vec<T>,
}

/// Where a search ended: the best point, which is the first one where none is better.
pub(super) struct Searched<T> {
    pub(super) best: Point<T>,
    pub(super) evaluations: usize,
}

/// Searches from a first step on. `size` is the largest magnitude in the direction, `tolerance` a change of the parameters that is too small to look for.
pub(super) fn strong_wolfe<T: Clone>(
    start: Point<T>,
    first: f64,
    [size, tolerance]: [f64; 2],
    evaluations: usize,
    mut at: impl FnMut(f64) -> Point<T>,
) -> Searched<T> {
    let most = MOST.min(evaluations.saturating_sub(1));
    let (loss, slope) = (start.loss, start.slope);
    let gains = |point: &Point<T>| point.loss <= loss + GAIN * point.t * slope;
    let is_flat = |point: &Point<T>| point.slope.abs() <= -SLOPE * slope;
    let mut count = 0;

    // Two points with one that will do between them, and which of them is the lower one that gains enough.
    let mut previous = start.clone();
    let mut point = at(first);
    let (mut bracket, low) = loop {
        if count == most {
            let low = usize::from(point.loss < loss);
            break ([start, point], low);
        }
        if !gains(&point) || (count > 1 && point.loss >= previous.loss) {
            break ([previous, point], 0);
        }
        if is_flat(&point) {
            return Searched { best: point, evaluations: 1 + count };
        }
        if point.slope >= 0.0 {
            break ([previous, point], 1);
        }
        let bounds = [point.t + 0.01 * (point.t - previous.t), 10.0 * point.t];
        let t = interpolate(&previous, &point, bounds);
        previous = core::mem::replace(&mut point, at(t));
        count += 1;
    };

    // The bracket is made smaller and smaller.
    let mut is_stuck = false;
    while count < most {
        let ends = [bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t)];
        let [from, to] = ends;
        if (to - from) * size < tolerance {
            break;
        }
        let mut t = interpolate(&bracket[0], &bracket[1], ends);
        // Twice in a row near an end: a step away from it.
        let margin = 0.1 * (to - from);
        let is_near = (to - t).min(t - from) < margin;
        let is_moved = is_near && (is_stuck || t >= to || t <= from);
        if is_moved {
            t = if to - t < t - from { to - margin } else { from + margin };
        }
        is_stuck = is_near && !is_moved;

        let point = at(t);
        count += 1;
        if !gains(&point) || point.loss >= bracket[low].loss {
            bracket[1 - low] = point;
            continue;
        }
        if is_flat(&point) {
            return Searched { best: point, evaluations: 1 + count };
        }
        if point.slope * (bracket[1 - low].t - bracket[low].t) >= 0.0 {
            bracket[1 - low] = bracket[low].clone();
        }
        bracket[low] = point;
    }
    let [first, second] = bracket;
    Searched { best: if low == 0 { first } else { second }, evaluations: 1 + count }
}

/// The minimum of the cubic through two points with their slopes, within bounds; their middle, if it has none, or a point is not finite.
fn interpolate<T>(a: &Point<T>, b: &Point<T>, [from, to]: [f64; 2]) -> f64 {
    let first = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.t - b.t);
    let root = (first * first - a.slope * b.slope).sqrt();
    let minimum = if a.t <= b.t {
        b.t - (b.t - a.t) * ((b.slope + root - first) / (b.slope - a.slope + 2.0 * root))
    } else {
        a.t - (a.t - b.t) * ((a.slope + root - first) / (a.slope - b.slope + 2.0 * root))
    };
    // NaN where the square under the root is negative.
    if minimum.is_nan() { from.midpoint(to) } else { minimum.clamp(from, to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches along a function that is given with its derivative.
    fn search(first: f64, of: impl Fn(f64) -> (f64, f64)) -> (f64, f64, usize) {
        let at = |t| {
            let (loss, slope) = of(t);
            let is_finite = loss.is_finite() && slope.is_finite();
            let loss = if is_finite { loss } else { f64::INFINITY };
            Point { t, loss, slope, gradient: vec![()] }
        };
        let found = strong_wolfe(at(0.0), first, [1.0, 1e-12], 100, at);
        (found.best.t, found.best.loss, found.evaluations)
    }

    #[test]
    fn the_conditions_hold_from_any_first_step() {
        let functions: [fn(f64) -> (f64, f64); 4] = [
            |t| ((t - 3.0).powi(2), 2.0 * (t - 3.0)),
            |t| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
            |t| ((0.1 * t).exp() - t, 0.1 * (0.1 * t).exp() - 1.0),
            // Infinite from 5 on.
            |t| (-(5.0 - t).ln() - 2.0 * t, 1.0 / (5.0 - t) - 2.0),
        ];
        for (index, function) in functions.into_iter().enumerate() {
            let (loss, slope) = function(0.0);
            for first in [1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6] {
                let (t, found, evaluations) = search(first, function);
                assert!(found <= loss + GAIN * t * slope, "{index} from {first}: {t}");
                assert!(function(t).1.abs() <= SLOPE * slope.abs(), "{index} from {first}: {t}");
                assert!(evaluations < 20, "{index} from {first}: {evaluations}");
            }
        }
    }

    /// The slope says down, and it goes up: nothing is found, and the first point is the best.
    #[test]
    fn what_only_rises() {
        let (t, loss, evaluations) = search(1.0, |t| (t, -1.0));
        assert!(t == 0.0 && loss == 0.0 && evaluations <= MOST + 1, "{t} {evaluations}");
        let (t, loss, _) = search(1.0, |t| (if t == 0.0 { 0.0 } else { f64::NAN }, -1.0));
        assert!(t == 0.0 && loss == 0.0);
    }

    /// Without an end, the search has one.
    #[test]
    fn what_only_falls() {
        let (t, loss, evaluations) = search(1.0, |t| (-t, -1.0));
        assert!(t > 1e6 && loss == -t && evaluations == MOST + 1, "{t} {evaluations}");
    }
}
