//! Losses, optimizers, gradients of networks and files against PyTorch's numbers (`fixtures/losses.py`, `image_losses.py`, `optimizers.py`, `gradients.py`).
#![cfg(feature = "std")]

mod gradients;
mod image_losses;
mod losses;
mod losses_of_outputs;
mod optimizers;
mod stable;

/// The lines of a fixture, in words.
fn lines(fixture: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    fixture.lines().map(|line| line.split(' ').collect())
}

fn parse(words: &[&str]) -> Vec<f64> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}
