//! Types as `@join__field` tells them: in a string.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;

/// Lists in lists in lists: nobody has more.
const MOST_LISTS: usize = 64;

/// The type that a text is, such as `[String!]`. (The compiler's own function panics over `-String`.)
pub(super) fn parse_type(text: &str) -> Option<Type> {
    let mut lists = Vec::new();
    let mut rest = text.trim();
    let mut ty = loop {
        let nullable = rest.strip_suffix('!').map(str::trim_end);
        let inner = nullable.unwrap_or(rest);
        let Some(list) = inner.strip_prefix('[') else {
            let name = Name::new(inner).ok()?;
            break match nullable {
                Some(_) => Type::NonNullNamed(name),
                None => Type::Named(name),
            };
        };
        if lists.len() == MOST_LISTS {
            return None;
        }
        lists.push(nullable.is_some());
        rest = list.strip_suffix(']')?.trim();
    };
    for is_non_null in lists.into_iter().rev() {
        ty = ty.list();
        if is_non_null {
            ty = ty.non_null();
        }
    }
    Some(ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_what_is_printed_of_it() {
        for text in ["Int", "Int!", "[Int]", "[Int!]!", "[[Int]!]"] {
            assert_eq!(parse_type(text).unwrap().to_string(), text);
        }
        assert_eq!(parse_type(" [ Int ! ] ! ").unwrap().to_string(), "[Int!]!");
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}Int{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "", "!", "-Int", "Int!!", "[Int", "Int]", "[]", "Int Int", &deep,
        ] {
            assert!(parse_type(text).is_none(), "{text:?} was accepted");
        }
    }
}
