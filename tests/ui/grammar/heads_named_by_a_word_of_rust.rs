axonal::network! {
    struct Word<input 8 => heads type { dense 2 } value { dense 1 }>;
    struct Misspelt<input 8 => haeds action { dense 2 } value { dense 1 }>;
}

fn main() {}
