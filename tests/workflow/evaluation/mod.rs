//! Reports of predictions, against scikit-learn's numbers.

mod counts;
mod figures;
mod predictions;

use std::collections::HashMap;

/// scikit-learn's values, made by tests/fixtures/evaluation.py.
fn reference() -> HashMap<&'static str, Vec<f64>> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap(), words.map(|word| word.parse().unwrap()).collect())
    };
    include_str!("../../fixtures/evaluation.txt").lines().map(line).collect()
}

/// Both are NaN, or they are equal but for the rounding of a few sums.
#[track_caller]
fn assert_close(ours: f64, theirs: f64, of: &str) {
    let equal = (ours - theirs).abs() <= 1e-13 * theirs.abs().max(1.0);
    assert!(
        equal || ours == theirs || ours.is_nan() && theirs.is_nan(),
        "{of}: {ours}, not {theirs}"
    );
}
