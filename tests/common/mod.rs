//! What several test crates need.
#![allow(dead_code, unused_imports, reason = "no crate needs all of it")]

pub(crate) mod differences;
mod learned;
mod machines;
pub(crate) mod samples;

pub(crate) use axonal::testing::on_each_instruction_set;
pub(crate) use learned::learned;
pub(crate) use machines::on_every_machine;
