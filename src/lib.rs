//! Neural networks whose every dimension is known at compile time.
#![cfg_attr(not(feature = "std"), no_std)]
