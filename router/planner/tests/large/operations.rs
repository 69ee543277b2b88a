//! Operations on the large graph, as long, deep or broad as wanted.

use std::fmt::Write;

use super::NOUNS;

/// An operation as clients send them, of about so many fields: pages made of entities of many subgraphs, each with
/// what its neighbours add.
pub fn mixed(subgraphs: usize, fields: usize) -> String {
    let mut text = String::from("query Mixed {\n");
    let mut count = 0;
    let mut page = 0;
    while count < fields {
        let i = (page * 37 + 5) % subgraphs;
        let (next, before, after) = (
            (i + 1) % subgraphs,
            (i + subgraphs - 1) % subgraphs,
            (i + 3) % subgraphs,
        );
        let noun = NOUNS[page % NOUNS.len()];
        let other = NOUNS[(page + 1) % NOUNS.len()];
        let lower = noun.to_lowercase();
        let _ = write!(
            text,
            "page{page}: {lower}{i}(id: \"1\") {{
               id name status price {{ amount currency }}
               details {{ summary stats {{ views }} }}
               rating{before} shipping{before} {{ amount }}
               next {{ name rating{i} price {{ amount }} }}
               others(first: 5) {{ ... on {other}{after} {{ name popularity{i} }} }}
             }}
             items{page}: items{i} {{ id name ... on {noun}{i} {{ owner {{ name }} next {{ shipping{i} {{ currency }} name }} }} }}
             "
        );
        let _ = next;
        count += 30;
        page += 1;
    }
    text.push('}');
    text
}

/// One entity with a field from each of so many subgraphs.
pub fn broad(subgraphs: usize) -> String {
    let mut text = String::from("query Broad { user(id: \"1\") { id name ");
    for i in 0..subgraphs {
        let _ = write!(text, "userOrders{i} ");
    }
    text.push_str("} }");
    text
}

/// Entities behind each other, each in another subgraph than the one before.
pub fn deep(subgraphs: usize, depth: usize) -> String {
    let mut text = String::from("query Deep { order0(id: \"1\") { name ");
    for level in 0..depth {
        let _ = write!(text, "next {{ name rating{} ", level % subgraphs);
    }
    text.push_str(&"} ".repeat(depth));
    text.push_str("} }");
    text
}

/// The same field so many times, with different arguments and aliases.
pub fn aliases(count: usize) -> String {
    let mut text = String::from("query Aliases { order0(id: \"1\") { id ");
    for number in 0..count {
        let _ = write!(
            text,
            "image{number}: image(size: {number}) {{ url width }} "
        );
    }
    text.push_str("} }");
    text
}
