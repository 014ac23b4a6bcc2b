//! Shapes as types: the words for them in the compiler's messages.
//!
//! "the targets are of size `vector<9>`, but the outputs of `Digits` are of size `vector<10>`": so much of
//! `Matrix<f32, Const<9>, Const<1>, ArrayStorage<f32, 9, 1>>` matters to a reader. See [`Sample::Size`](crate::Sample::Size).
#![allow(non_camel_case_types, reason = "words of messages, as a description writes them")]

/// A vector of `N` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct vector<const N: usize> {}

/// The answers to yes-or-no questions, for outputs of size `S`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct answers<S>(core::marker::PhantomData<S>);

/// One class among several, or the probabilities of each, for outputs of size `S`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct classes<S>(core::marker::PhantomData<S>);

/// Channels, rows, columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct image<const C: usize, const H: usize, const W: usize> {}

/// A size is equal to itself alone; N answers or classes go with N outputs.
#[doc(hidden)]
pub trait Equals<T> {}

impl<T> Equals<T> for T {}

impl<S> Equals<answers<S>> for S {}

impl<S> Equals<classes<S>> for S {}
