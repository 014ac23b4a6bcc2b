axonal::network! {
    struct Net<input 8 => dense 16 => heads action: { dense 2 } value: { dense 1 }>;
    struct Commas<input 8 => dense 16 => heads action: { dense 2 }, value: { dense 1 }>;
    struct Equals<input 8 => dense 16 => heads action = { dense 2 } value { dense 1 }>;
}

fn main() {}
