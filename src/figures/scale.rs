//! Axes: which numbers they span, where ticks stand, what is written beside them.

/// Beyond it, differences of numbers are infinite.
const MOST: f64 = 1e300;

/// The numbers along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The ends: the numbers, or, of a logarithmic axis, their decimal logarithms.
    low: f64,
    high: f64,
    log: bool,
}

/// A place along an axis with its label: a number, and perhaps the exponent of the 10 at its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// From 0 at the low end to 1 at the high one.
    pub(super) share: f64,
    pub(super) text: String,
    pub(super) exponent: String,
}

impl Scale {
    /// An axis for all values that can stand on it, with some room at both ends; without any, from 0 to 1, or from 1 to 10.
    pub(super) fn of(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let none = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, log };
        let mut scale = values.filter_map(|value| none.place(value)).fold(none, |scale, value| {
            Self { low: scale.low.min(value), high: scale.high.max(value), log }
        });
        if scale.low > scale.high {
            (scale.low, scale.high) = (0.0, 1.0);
            return scale;
        }
        let Self { low, high, .. } = scale;
        let size = low.abs().max(high.abs());
        // What differs in its last digits is the same number with an error of rounding.
        if high - low <= 1e-12 * size || high - low < 1e-300 {
            let around = match (log, size) {
                (true, _) => 0.5,
                (false, size) if size < 1e-290 => 1.0,
                (false, size) => size / 10.0,
            };
            (scale.low, scale.high) = (low - around, high + around);
        } else {
            let room = 0.04 * (high - low);
            (scale.low, scale.high) = (low - room, high + room);
        }
        scale
    }

    /// An axis from number to number.
    pub(super) fn from_to(low: f64, high: f64, log: bool) -> Self {
        let none = Self { low: 0.0, high: 1.0, log };
        match (none.place(low), none.place(high)) {
            (Some(low), Some(high)) if high - low > 1e-300 => Self { low, high, log },
            _ => none,
        }
    }

    /// Where a value stands before it is scaled, if it can stand there.
    fn place(self, value: f64) -> Option<f64> {
        match self.log {
            true if value > 0.0 && value < f64::INFINITY => Some(value.log10()),
            false if value.is_finite() => Some(value.clamp(-MOST, MOST)),
            _ => None,
        }
    }

    /// How far along the axis a value stands: 0 at the low end, 1 at the high one. None for what cannot stand on it: NaN, infinity, on a logarithmic one 0.
    pub(super) fn share(self, value: f64) -> Option<f64> {
        let share = (self.place(value)? - self.low) / (self.high - self.low);
        // Far outside is outside.
        Some(share.clamp(-100.0, 100.0))
    }

    /// Some ticks, at most `most`, which is at least 2; of whole numbers alone if they count something.
    pub(super) fn ticks(self, most: usize, whole: bool) -> Vec<Tick> {
        if self.log { self.log_ticks(most) } else { self.linear_ticks(most, whole) }
    }

    fn linear_ticks(self, most: usize, whole: bool) -> Vec<Tick> {
        let (mut step, mut exponent) = step((self.high - self.low) / most.max(2) as f64);
        if whole && step < 1.0 {
            (step, exponent) = (1.0, 0);
        }
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let count = if last >= first { (last - first) as usize } else { return Vec::new() };
        // Of a step of 1 that was too small: whole numbers in a range without any.
        let values = (0..=count.min(50)).map(|index| (first + index as f64, step));
        let size = self.low.abs().max(self.high.abs());
        let power = size.log10().floor() as i32;
        let scientific = !(-3..6).contains(&power);
        let shift = if scientific { power } else { 0 };
        let decimals = (shift - exponent).clamp(0, 17) as usize;
        let tick = |(count, step): (f64, f64)| {
            let value = count * step;
            // In one division, and by a power that is exact as far as there are any.
            let mantissa = if shift == 0 { value } else { scaled(value, -shift) };
            let (text, exponent) = if scientific && count != 0.0 {
                (minus(&format!("{mantissa:.decimals$}×10")), minus(&shift.to_string()))
            } else if scientific {
                ("0".to_owned(), String::new())
            } else {
                (minus(&format!("{mantissa:.decimals$}")), String::new())
            };
            Tick { share: (value - self.low) / (self.high - self.low), text, exponent }
        };
        values.map(tick).collect()
    }

    /// Powers of 10; where there are few, 2 and 5 times them too, and where all are between two of them, as on a linear axis.
    fn log_ticks(self, most: usize) -> Vec<Tick> {
        let (low, high) = (self.low, self.high);
        let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
        let decades = (last - first + 1).max(0) as usize;
        let share = |place: f64| (place - low) / (high - low);
        if decades >= 3 || (decades == 2 && most < 4) {
            let every = decades.div_ceil(most.max(2)) as i32;
            let exponents = (first..=last).filter(|exponent| exponent.rem_euclid(every) == 0);
            return exponents
                .map(|exponent| {
                    let (text, raised) = power_of_ten(exponent);
                    Tick { share: share(f64::from(exponent)), text, exponent: raised }
                })
                .collect();
        }
        let mut ticks = Vec::new();
        for exponent in first - 1..=last {
            for factor in [1.0, 2.0, 5.0_f64] {
                let place = f64::from(exponent) + factor.log10();
                if place < low - 1e-9 || place > high + 1e-9 {
                    continue;
                }
                let (text, raised) = if (-3..6).contains(&exponent) {
                    let decimals = (-exponent).max(0) as usize;
                    let value = scaled(factor, exponent);
                    (format!("{value:.decimals$}"), String::new())
                } else {
                    (format!("{factor:.0}×10"), minus(&exponent.to_string()))
                };
                ticks.push(Tick { share: share(place), text, exponent: raised });
            }
        }
        if ticks.len() >= 2 {
            return ticks;
        }
        let linear = Self { low: 10_f64.powf(low), high: 10_f64.powf(high), log: false };
        let mut ticks = linear.linear_ticks(most, false);
        for tick in &mut ticks {
            let value = linear.low + tick.share * (linear.high - linear.low);
            tick.share = share(value.log10());
        }
        ticks.retain(|tick| tick.share.is_finite());
        ticks
    }
}

/// The step from tick to tick, 1, 2 or 5 times a power of 10, that is not below `least`; and its power of 10.
fn step(least: f64) -> (f64, i32) {
    let exponent = least.log10().floor() as i32;
    let power = scaled(1.0, exponent);
    let step = [1.0, 2.0, 5.0].map(|factor| factor * power);
    match step.into_iter().find(|step| *step >= least * (1.0 - 1e-9)) {
        Some(step) => (step, exponent),
        None => (scaled(1.0, exponent + 1), exponent + 1),
    }
}

/// value · 10^exponent
fn scaled(value: f64, exponent: i32) -> f64 {
    if exponent < 0 { value / 10_f64.powi(-exponent) } else { value * 10_f64.powi(exponent) }
}

/// 10^exponent as a person writes it.
fn power_of_ten(exponent: i32) -> (String, String) {
    match exponent {
        -2..=3 => (format!("{}", scaled(1.0, exponent)), String::new()),
        _ => ("10".to_owned(), minus(&exponent.to_string())),
    }
}

/// With a minus in the place of a hyphen.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// A number in a picture: as many digits as tell something, at most 4.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    let text = if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "∞"
        } else {
            "−∞"
        }
        .to_owned();
    } else if value == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e6).contains(&size) {
        format!("{value:.2e}")
    } else if value.fract() == 0.0 || size >= 1e3 {
        format!("{value:.0}")
    } else {
        // Four digits, not counting zeros in front.
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 7) as usize;
        let text = format!("{value:.decimals$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    minus(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<String> {
        ticks.iter().map(|tick| format!("{}{}", tick.text, tick.exponent)).collect()
    }

    fn of(values: &[f64], most: usize) -> Vec<String> {
        labels(&Scale::of(values.iter().copied(), false).ticks(most, false))
    }

    #[test]
    fn steps_are_1_2_5() {
        assert_eq!(of(&[0.0, 1.0], 6), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(of(&[-3.0, 3.0], 4), ["−2", "0", "2"]);
        assert_eq!(of(&[0.0, 100.0], 5), ["0", "50", "100"]);
        assert_eq!(of(&[1e-5, 3e-5], 4), ["1×10−5", "2×10−5", "3×10−5"]);
        assert_eq!(of(&[0.0, 3e7], 4), ["0", "1×107", "2×107", "3×107"]);
        let epochs = Scale::of([1.0, 3.0].into_iter(), false).ticks(10, true);
        assert_eq!(labels(&epochs), ["1", "2", "3"]);
    }

    #[test]
    fn powers_of_ten() {
        let log = |values: &[f64]| labels(&Scale::of(values.iter().copied(), true).ticks(6, false));
        assert_eq!(log(&[1e-5, 1.0]), ["10−5", "10−4", "10−3", "0.01", "0.1", "1"]);
        assert_eq!(log(&[0.02, 0.7]), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert!(log(&[1e-30, 1e30]).len() <= 6);
        assert!(log(&[3.1, 3.4]).len() >= 2, "{:?}", log(&[3.1, 3.4]));
        assert_eq!(log(&[0.0, -1.0, f64::NAN]), log(&[]));
    }

    #[test]
    fn any_numbers() {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            5e-324,
            1e-310,
            1e-300,
            1e16,
            1e16 + 2.0,
            1e300,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
        ];
        for a in numbers {
            for b in numbers {
                for (log, whole, most) in
                    [(false, false, 8), (true, false, 8), (false, true, 2), (true, false, 2)]
                {
                    let scale = Scale::of([a, b].into_iter(), log);
                    let ticks = scale.ticks(most, whole);
                    assert!(ticks.len() <= 51, "{a} {b}: {ticks:?}");
                    for tick in ticks {
                        assert!(tick.share > -0.01 && tick.share < 1.01, "{a} {b}: {tick:?}");
                    }
                    for value in numbers {
                        assert!(scale.share(value).is_none_or(f64::is_finite));
                    }
                }
            }
        }
    }
}
