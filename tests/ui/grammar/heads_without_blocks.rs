axonal::network! {
    struct None<input 8 => dense 16 => heads>;
    struct Name<input 8 => dense 16 => heads action>;
    struct Size<input 8 => dense 16 => heads 2>;
    struct Parentheses<input 8 => dense 16 => heads action(dense 2) value(dense 1)>;
    struct Brackets<input 8 => dense 16 => heads action [dense 2] value { dense 1 }>;
    struct Arrow<input 8 => dense 16 => heads action => dense 2>;
}

fn main() {}
