//! Data sets cut into parts.

use axonal::Error;
use axonal::data::{Class, Dataset};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

type Labelled = Dataset<usize, Class<5>>;

fn labelled(classes: &[usize]) -> Labelled {
    classes.iter().enumerate().map(|(i, class)| (i, Class::new(*class).unwrap())).collect()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

/// Every sample is in one part, with its target.
fn is_whole(classes: &[usize], parts: &[&Labelled]) -> bool {
    let mut all: Vec<(usize, usize)> =
        parts.iter().flat_map(|part| part.iter().map(|(i, class)| (*i, class.index()))).collect();
    all.sort_unstable();
    all == classes.iter().copied().enumerate().collect::<Vec<_>>()
}

proptest! {
    #[test]
    fn two_parts_have_their_shares_of_each_class(
        classes in prop::collection::vec(0..5_usize, 0..60),
        fraction in 0.0..=1.0,
        shuffled: bool,
    ) {
        let data = labelled(&classes);
        let counts = data.class_counts();
        let (first, rest) = if shuffled {
            data.split_stratified_shuffled(fraction, &mut rng()).unwrap()
        } else {
            data.split_stratified(fraction).unwrap()
        };
        prop_assert!(is_whole(&classes, &[&first, &rest]));
        for (class, count) in counts.into_iter().enumerate() {
            let (here, there) = (first.class_counts()[class], rest.class_counts()[class]);
            prop_assert!((here as f64 - count as f64 * fraction).abs() <= 1.0);
            if count > 1 && fraction > 0.0 && fraction < 1.0 {
                prop_assert!(here > 0 && there > 0);
            }
            if count == 1 {
                prop_assert_eq!(here, usize::from(fraction >= 0.5));
            }
        }
    }

    #[test]
    fn three_parts_have_their_shares_of_each_class(
        classes in prop::collection::vec(0..5_usize, 0..60),
        cuts in prop::array::uniform2(0.0..=1.0),
    ) {
        let (low, high) = (f64::min(cuts[0], cuts[1]), f64::max(cuts[0], cuts[1]));
        let fractions = [low, high - low, 1.0 - high];
        let data = labelled(&classes);
        let counts = data.class_counts();
        let parts = data.split_three_stratified(fractions, &mut rng()).unwrap();
        prop_assert!(is_whole(&classes, &[&parts.0, &parts.1, &parts.2]));
        let parts = [parts.0, parts.1, parts.2].map(|part| part.class_counts());
        for (class, count) in counts.into_iter().enumerate() {
            for (part, fraction) in parts.iter().zip(fractions) {
                prop_assert!((part[class] as f64 - count as f64 * fraction).abs() <= 2.0);
                prop_assert!(count < 3 || fraction == 0.0 || part[class] > 0);
                prop_assert!(fraction > 0.0 || part[class] == 0);
            }
        }
    }
}

/// keras#8346: sorted data, of which a whole class was only in the validation.
#[test]
fn no_class_is_in_one_part_alone() {
    let classes: Vec<usize> = (0..5).flat_map(|class| [class; 2]).collect();
    let (train, validation) =
        labelled(&classes).split_stratified_shuffled(0.9, &mut rng()).unwrap();
    assert_eq!((train.class_counts(), validation.class_counts()), (vec![1; 5], vec![1; 5]));
}

#[test]
fn a_seed_gives_one_split_and_each_part_is_in_a_random_order() {
    let classes: Vec<usize> = (0..500).map(|i| i / 100).collect();
    let split = |seed| {
        let rng = &mut StdRng::seed_from_u64(seed);
        labelled(&classes).split_stratified_shuffled(0.8, rng).unwrap()
    };
    let ((train, test), again) = (split(1), split(1));
    assert!((&train, &test) == (&again.0, &again.1));
    assert!(train != split(2).0);
    // Sorted by class, the first hundred would be of one.
    let begin = train.select(0..50).class_counts();
    assert!(begin.iter().all(|count| *count > 0), "{begin:?}");
    let begin = test.select(0..50).class_counts();
    assert!(begin.iter().all(|count| *count > 0), "{begin:?}");
    // Each sample has the same chance to be drawn: not the first ones of each class alone.
    assert!(
        test.inputs().iter().any(|i| i % 100 < 20) && test.inputs().iter().any(|i| i % 100 >= 80)
    );
}

#[test]
fn targets_of_every_kind_have_strata() {
    let answers: Dataset<i32, bool> = (0..100).map(|i| (i, i < 10)).collect();
    let (first, _) = answers.split_stratified(0.5).unwrap();
    assert_eq!(first.targets().iter().filter(|answer| **answer).count(), 5);
    let weighted: Dataset<i32, (Class<2>, f32)> =
        (0..100).map(|i| (i, (Class::from(i < 10), 0.5))).collect();
    let (first, _) = weighted.split_stratified_shuffled(0.5, &mut rng()).unwrap();
    assert_eq!(first.targets().iter().filter(|(class, _)| class.index() == 1).count(), 5);
    let numbers: Dataset<i32, f64> = (0..100).map(|i| (i, f64::from(i))).collect();
    let third = |target: &f64| (target / 33.4) as usize;
    let parts = numbers.split_three_stratified_by([0.5, 0.25, 0.25], third, &mut rng()).unwrap();
    assert_eq!((parts.0.len(), parts.1.len(), parts.2.len()), (51, 25, 24));
}

#[test]
fn fractions_that_are_none_are_errors() {
    for fraction in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let errors = [
            labelled(&[0, 1]).split_shuffled(fraction, &mut rng()).unwrap_err(),
            labelled(&[]).split_stratified_shuffled(fraction, &mut rng()).unwrap_err(),
            labelled(&[0]).split_three([fraction, 0.5, 0.5]).unwrap_err(),
            labelled(&[0]).split_three_shuffled([0.5, fraction, 0.5], &mut rng()).unwrap_err(),
            labelled(&[]).split_three_stratified([0.5, 0.5, fraction], &mut rng()).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::FractionOutOfRange { .. }), "{error}");
        }
    }
    let error = labelled(&[0]).split_three([0.75, 0.5, 0.0]).unwrap_err();
    assert_eq!(error.to_string(), "the sum of the fractions of a data set: expected 1, found 1.25");
    assert!(labelled(&[0]).split_three([0.7, 0.2, 0.1]).is_ok());
}

#[test]
fn nothing_and_all_are_parts_too() {
    for data in [labelled(&[]), labelled(&[3]), labelled(&[3, 3, 4])] {
        let len = data.len();
        let lens = |parts: (Labelled, Labelled)| (parts.0.len(), parts.1.len());
        assert_eq!(
            lens(data.clone().split_stratified_shuffled(0.0, &mut rng()).unwrap()),
            (0, len)
        );
        assert_eq!(
            lens(data.clone().split_stratified_shuffled(1.0, &mut rng()).unwrap()),
            (len, 0)
        );
        assert_eq!(lens(data.clone().split_shuffled(1.0, &mut rng()).unwrap()), (len, 0));
        let (none, all, also_none) =
            data.split_three_stratified([0.0, 1.0, 0.0], &mut rng()).unwrap();
        assert_eq!((none.len(), all.len(), also_none.len()), (0, len, 0));
    }
}
