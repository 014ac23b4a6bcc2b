//! A type of one's own called `PhantomData`.
#![forbid(unsafe_code)]

use std::ops::Deref;

use axonal::Parameters;

struct PhantomData(Box<f32>);

impl Deref for PhantomData {
    type Target = std::marker::PhantomData<f32>;

    fn deref(&self) -> &Self::Target {
        &std::marker::PhantomData
    }
}

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
struct Own {
    held: PhantomData,
}

mod never {
    /// Of size zero, but there is no value of it.
    #[derive(Debug)]
    pub enum PhantomData {}
}

#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f32)]
struct Never {
    held: never::PhantomData,
}

fn main() {}
