//! Random networks of images: every layer and block in random stacks, and every batch size that a kernel treats in its own way.
//!
//! A thousand of them, in three minutes: `cargo test --test gradients -- --ignored`

use axonal::prelude::*;
use rand::RngExt;

use crate::common::differences::check_training;
use crate::common::samples::{classes, distributions, probabilities, random};
use crate::image_architectures::{self, for_each_image_architecture};

const BATCHES: [usize; 5] = [2, 1, 7, 13, 3];

macro_rules! run {
    ($($name:ident $net:ident $loss:ident $targets:ident;)+) => {
        /// Checks networks of one architecture, each with weights, samples and a batch size of its own.
        mod check {
            use super::*;
            $(
                pub(super) fn $name(seeds: std::ops::Range<u64>) {
                    let (mut kinks, mut checks) = (0, 0);
                    for seed in seeds {
                        let mut rng = StdRng::seed_from_u64(seed);
                        let mut net = image_architectures::$net::<f64>::random(&mut rng);
                        // Biases start at zero, and factors at one, which hides mistakes.
                        for value in net.as_mut_slice() {
                            *value += rng.random_range(-0.1..0.1);
                        }
                        let samples = BATCHES[seed as usize % BATCHES.len()];
                        let inputs = random(samples, &mut rng);
                        let targets = $targets(samples, &mut rng);
                        let met =
                            check_training(&mut *net, &inputs, &targets, &$loss, &mut rng);
                        kinks += met.0;
                        checks += met.1;
                    }
                    assert!(5 * kinks <= checks, "{kinks} kinks in {checks} parameters");
                }
            )+
        }

        $(
            #[test]
            fn $name() {
                check::$name(0..3);
            }
        )+

        #[test]
        #[ignore = "three minutes"]
        fn a_thousand_networks() {
            $(check::$name(0..25);)+
        }
    };
}

for_each_image_architecture!(run);
