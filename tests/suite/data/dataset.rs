use axonal::Error;
use axonal::data::{Class, Dataset};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

fn numbered(len: usize) -> Dataset<usize, String> {
    (0..len).map(|i| (i, i.to_string())).collect()
}

fn paired(data: &Dataset<usize, String>) -> bool {
    data.iter().all(|(input, target)| input.to_string() == *target)
}

#[test]
fn lengths_must_match() {
    let error = Dataset::new(vec![1, 2, 3], vec!['a']).unwrap_err();
    assert_eq!(error.to_string(), "expected one target for each of the 3 inputs, found 1 targets");
    assert!(matches!(error, Error::LengthMismatch { inputs: 3, targets: 1 }));
}

#[test]
fn an_empty_data_set_is_one() {
    let data: Dataset<f32, f32> = Dataset::new(vec![], vec![]).unwrap();
    assert!(data.is_empty());
    assert_eq!(data.batches(8).count(), 0);
    let (train, test) = data.split(0.5).unwrap();
    assert!(train.is_empty() && test.is_empty());
}

#[test]
fn fractions_outside_0_to_1_are_errors() {
    for fraction in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = numbered(4).split(fraction).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the fraction of a data set must be from 0 to 1, found {fraction}")
        );
        let none: Dataset<(), Class<2>> = [].into_iter().collect();
        assert!(none.split_stratified(fraction).is_err());
    }
}

#[test]
fn a_batch_is_a_part_of_the_data() {
    let data = numbered(5);
    let batches: Vec<&[usize]> = data.batches(2).map(|(inputs, _)| inputs).collect();
    assert_eq!(batches, [&[0, 1][..], &[2, 3], &[4]]);
    assert_eq!(batches[1].as_ptr(), &raw const data.inputs()[2]);
    assert_eq!(data.batches(usize::MAX).count(), 1);
}

#[test]
fn a_stratified_split_takes_the_same_share_of_each_class() {
    let data: Dataset<usize, Class<3>> =
        (0..100).map(|i| (i, Class::new(usize::from(i >= 20)).unwrap())).collect();
    let (train, test) = data.split_stratified(0.75).unwrap();
    assert_eq!(train.class_counts(), [15, 60, 0]);
    assert_eq!(test.class_counts(), [5, 20, 0]);
    assert!(train.inputs().is_sorted());
    let mut all = [train.inputs(), test.inputs()].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..100));
    assert!(train.iter().chain(&test).all(|(&i, class)| class.index() == usize::from(i >= 20)));
}

#[test]
fn debug_is_short() {
    assert_eq!(format!("{:?}", numbered(60_000)), "Dataset { len: 60000, .. }");
}

#[test]
fn parts_and_maps() {
    let data = numbered(3).map_inputs(|i| i * 2).map_targets(|text| text.len());
    let pairs: Vec<(usize, usize)> = data.clone().into_iter().collect();
    assert_eq!(pairs, [(0, 1), (2, 1), (4, 1)]);
    assert_eq!(data.into_parts(), (vec![0, 2, 4], vec![1, 1, 1]));
}

#[test]
fn shuffling_reaches_every_order_equally_often() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6000 {
        let mut data = numbered(3);
        data.shuffle(&mut rng);
        *counts.entry(data.into_parts().0).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
}

proptest! {
    #[test]
    fn shuffling_keeps_pairs_and_follows_the_seed(len in 0usize..200, seed: u64) {
        let shuffled = || {
            let mut data = numbered(len);
            data.shuffle(&mut StdRng::seed_from_u64(seed));
            data
        };
        let data = shuffled();
        prop_assert!(paired(&data));
        prop_assert!(data == shuffled());
        let (mut inputs, _) = data.into_parts();
        inputs.sort_unstable();
        prop_assert!(inputs.into_iter().eq(0..len));
    }

    #[test]
    fn splitting_keeps_order_and_pairs(len in 0usize..200, fraction in 0.0..=1.0) {
        let (first, rest) = numbered(len).split(fraction).unwrap();
        prop_assert!((first.len() as f64 - len as f64 * fraction).abs() <= 0.5);
        prop_assert!(paired(&first) && paired(&rest));
        prop_assert!(first.inputs().iter().chain(rest.inputs()).copied().eq(0..len));
    }

    #[test]
    fn batches_cover_the_data(len in 0usize..200, size in 1usize..250) {
        let data = numbered(len);
        let inputs: Vec<&[usize]> = data.batches(size).map(|(inputs, _)| inputs).collect();
        prop_assert_eq!(inputs.concat(), data.inputs());
        prop_assert!(data.batches(size).all(|(inputs, targets)| inputs.len() == targets.len()));
    }

    #[test]
    fn a_class_is_below_the_number_of_classes(index: usize) {
        prop_assert_eq!(Class::<10>::new(index).is_ok(), index < 10);
        prop_assert!(Class::<0>::new(index).is_err());
    }
}

#[test]
fn classes() {
    let class = Class::<3>::try_from(2).unwrap();
    assert_eq!((class.index(), usize::from(class)), (2, 2));
    assert_eq!(format!("{class} {class:?} {class:>3}"), "2 Class<3>(2)   2");
    assert!(Class::<3>::new(0).unwrap() < class);
    for (error, expected) in [
        (Class::<3>::new(3).unwrap_err(), "class 3 is out of range: expected a class from 0 to 2"),
        (
            Class::<1>::new(3).unwrap_err(),
            "class 3 is out of range: expected class 0, the only one",
        ),
        (
            Class::<0>::new(3).unwrap_err(),
            "class 3 is out of range: expected no class at all, since there are none",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
        // `main` prints an error by its `Debug`.
        assert_eq!(format!("{error:?}"), expected);
    }
}

#[test]
fn an_error_can_cross_threads() {
    fn check<T: std::error::Error + Send + Sync + 'static>() {}
    check::<Error>();
}
