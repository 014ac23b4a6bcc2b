axonal::network! {
    struct Misspelt<input 1x8x8 => fine: conv 4 3x3 pad same => maxpool 2 => upsample 2 => concat { } { from fien } => conv 1 1x1>;
    struct Later<input 8 => concat { } { from late } => late: dense 4>;
    struct Other<input 1x8x8 => fine: conv 4 3x3 pad same => maxpool 2 => concat { } { from fine } => conv 1 1x1>;
    struct Stage<input 8 => a: dense 8 => from a => dense 4>;
    struct Unused<input 8 => a: dense 8 => dense 8 => add { from a } { from input } => dense 4>;
    struct Around<input 8 => fine: dense 8 => residual { dense 8 => add { } { from fien } } => dense 4>;
    struct Unknown<input 8 => fine: dense 8 => residual { add { } { from b } } => dense 4>;
    struct Behind<input 8 => residual { dense 8 => add { } { from late } } => late: dense 4>;
    struct Shape<input 8 => a: dense 4 => dense 8 => residual { dense 8 => add { } { from a } } => dense 4>;
}

fn main() {}
