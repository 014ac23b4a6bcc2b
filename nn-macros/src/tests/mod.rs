//! Every stage, without the compiler.
