use axonal::data::augment::{Augment, Flip, Noise, Shift, flip, shift};
use axonal::prelude::*;
use axonal::training::TrainingLoop;
use rand::{Rng, RngExt};

type Grey = Image<1, 4, 5>;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// 1, 2, 3 …
fn counted<const C: usize, const H: usize, const W: usize>() -> Image<C, H, W> {
    let mut image = Image::default();
    for (index, pixel) in image.as_mut_slice().iter_mut().enumerate() {
        *pixel = index as f32 + 1.0;
    }
    image
}

/// Pixel by pixel.
fn shifted<const C: usize, const H: usize, const W: usize>(
    image: &Image<C, H, W>,
    down: isize,
    right: isize,
) -> Image<C, H, W> {
    let mut to = Image::default();
    for channel in 0..C {
        for row in 0..H {
            for column in 0..W {
                let from = (row as i128 - down as i128, column as i128 - right as i128);
                if (0..H as i128).contains(&from.0) && (0..W as i128).contains(&from.1) {
                    to[(channel, row, column)] = image[(channel, from.0 as usize, from.1 as usize)];
                }
            }
        }
    }
    to
}

#[test]
fn shifts_are_those_of_each_pixel() {
    for down in [isize::MIN, -5, -4, -3, -1, 0, 1, 2, 3, 4, 9, isize::MAX] {
        for right in [isize::MIN, -6, -5, -4, -1, 0, 1, 3, 4, 5, 6, isize::MAX] {
            let mut image = counted::<3, 4, 5>();
            shift(&mut image, down, right);
            assert_eq!(image, shifted(&counted(), down, right), "{down}, {right}");
        }
    }
}

#[test]
fn a_flip_turns_each_row_of_each_channel() {
    let mut image = counted::<2, 2, 3>();
    flip(&mut image);
    assert_eq!(
        image,
        Image::from([[[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]], [[9.0, 8.0, 7.0], [12.0, 11.0, 10.0]]])
    );
    flip(&mut image);
    assert_eq!(image, counted());
}

#[test]
fn every_shift_comes_about_equally_often_and_none_is_longer() {
    let mut rng = rng(1);
    let mut counts = [[0; 3]; 5];
    let augment = Shift::rows_and_columns(2, 1);
    for _ in 0..15_000 {
        let mut image = counted::<1, 4, 5>();
        augment.augment(&mut image, &mut rng);
        let found = (-2..=2).flat_map(|down| (-1..=1).map(move |right| (down, right)));
        let (down, right) = found
            .into_iter()
            .find(|(down, right)| image == shifted(&counted(), *down, *right))
            .unwrap();
        counts[(down + 2) as usize][(right + 1) as usize] += 1;
    }
    assert!(counts.as_flattened().iter().all(|count| (800..1200).contains(count)), "{counts:?}");
}

#[test]
fn a_shift_may_be_longer_than_the_image_is_large() {
    let mut rng = rng(1);
    for pixels in [0, 4, 100, usize::MAX] {
        let mut image = counted::<1, 4, 5>();
        Shift::new(pixels).augment(&mut image, &mut rng);
        assert_eq!(pixels == 0, image == counted());
    }
}

#[test]
fn flips_come_with_their_probability() {
    let count = |augment: Flip| {
        let mut rng = rng(1);
        let flipped = |_: &i32| {
            let mut image: Grey = counted();
            augment.augment(&mut image, &mut rng);
            image != counted()
        };
        (0..2000).filter(flipped).count()
    };
    assert_eq!(count(Flip::new(0.0).unwrap()), 0);
    assert_eq!(count(Flip::new(1.0).unwrap()), 2000);
    assert!((900..1100).contains(&count(Flip::default())));
    assert!((340..460).contains(&count(Flip::new(0.2).unwrap())));
}

#[test]
fn noise_has_its_deviation() {
    let mut vector = SVector::<f64, 20_000>::repeat(3.0);
    Noise::new(0.5).unwrap().augment(&mut vector, &mut rng(1));
    assert!((vector.mean() - 3.0).abs() < 0.02, "{}", vector.mean());
    assert!((vector.variance().sqrt() - 0.5).abs() < 0.01, "{}", vector.variance());
    let mut image: Grey = counted();
    Noise::new(0.0).unwrap().augment(&mut image, &mut rng(1));
    assert_eq!(image, counted());
}

#[test]
fn numbers_that_are_out_of_range() {
    for probability in [-0.1, 1.1, f64::NAN] {
        let error = Flip::new(probability).unwrap_err().to_string();
        let expected = format!(
            "the probability of a flip: expected a number from 0 to 1, found {probability}"
        );
        assert_eq!(error, expected);
    }
    for std in [-0.1, f64::INFINITY, f64::NAN] {
        let error = Noise::new(std).unwrap_err().to_string();
        let expected = format!(
            "the standard deviation of noise: expected a finite number of at least 0, found {std}"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn one_after_the_other_with_the_same_numbers() {
    let noise = Noise::new(0.1).unwrap();
    let own = |image: &mut Grey, rng: &mut dyn Rng| image[(0, 0, 0)] = rng.random();
    let mut together: Grey = counted();
    (Shift::new(1), Flip::default(), noise, own).augment(&mut together, &mut rng(5));
    let mut apart: Grey = counted();
    let mut rng = rng(5);
    Shift::new(1).augment(&mut apart, &mut rng);
    Flip::default().augment(&mut apart, &mut rng);
    noise.augment(&mut apart, &mut rng);
    own.augment(&mut apart, &mut rng);
    assert_eq!(together, apart);
}

network! { struct Net<input 1x4x5 => conv 2 3x3 relu => flatten => dense 1>; }

fn images() -> Dataset<Grey, SVector<f32, 1>> {
    let image = |index: usize| {
        let mut image: Grey = counted();
        image.as_mut_slice().iter_mut().for_each(|pixel| *pixel = (*pixel * index as f32).sin());
        (image, SVector::from([image[(0, 1, 1)]]))
    };
    (0..20).map(image).collect()
}

#[test]
fn the_same_seed_gives_the_same_training_and_the_data_stay_as_they_are() {
    let data = images();
    let start = Net::random(&mut rng(1));
    let run = |seed| {
        let mut net = start.clone();
        let history = Trainer::new(MeanSquaredError, Adam::new(0.01))
            .epochs(3)
            .batch_size(6)
            .augment((Shift::new(1), Flip::default(), Noise::new(0.1).unwrap()))
            .validate_on(&data)
            .fit(&mut *net, &data, &mut rng(seed))
            .unwrap();
        (net, history.epochs.into_iter().map(|epoch| epoch.loss).collect::<Vec<f64>>())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert_eq!(data, images());
}

#[test]
fn each_epoch_sees_other_samples_and_validation_the_data_themselves() {
    let data = images();
    let start = Net::random(&mut rng(1));
    let (mut net, mut plain) = (start.clone(), start.clone());
    // With a learning rate of 0 the network stays as it is.
    let trainer = || Trainer::new(MeanSquaredError, Sgd::new(0.0)).epochs(3).validate_on(&data);
    let history =
        trainer().augment(Noise::new(0.5).unwrap()).fit(&mut *net, &data, &mut rng(1)).unwrap();
    let without = trainer().fit(&mut *plain, &data, &mut rng(1)).unwrap();
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.loss).collect();
    assert!(losses[0] != losses[1] && losses[1] != losses[2], "{losses:?}");
    assert_eq!(history.epochs[2].validation, without.epochs[2].validation);
}

#[test]
fn batches_are_what_the_augmentations_make_of_the_samples() {
    let data = images();
    let mut net = Net::random(&mut rng(1));
    let mut by_hand = net.clone();
    let noise = Noise::new(0.1).unwrap();
    Trainer::new(MeanSquaredError, Sgd::new(0.01))
        .shuffle(false)
        .batch_size(8)
        .augment(noise)
        .fit(&mut *net, &data, &mut rng(3))
        .unwrap();

    let mut optimizer = Sgd::new(0.01);
    let mut run = TrainingLoop::new();
    run.begin(&mut *by_hand, &mut optimizer, &mut rng(3)).unwrap();
    for (inputs, targets) in data.batches(8) {
        let mut inputs = inputs.to_vec();
        let mut rng = run.augmentation_rng(&optimizer);
        inputs.iter_mut().for_each(|input| noise.augment(input, &mut rng));
        by_hand.train_step(&inputs, targets, &MeanSquaredError, &mut optimizer);
    }
    assert_eq!(net, by_hand);
}
