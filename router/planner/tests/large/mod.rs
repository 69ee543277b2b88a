//! A large federated graph, made up but shaped as such graphs are: the same for the same size, every time.
//!
//! Each subgraph owns an entity per noun with details, statistics, a filter and a connection; some are known by two
//! keys. Its neighbours add fields to them, some with `@requires`, and refer to them. Three entities (`User`,
//! `Organization`, `Place`) get a field from every subgraph. Value types are shared by all, and one subgraph knows every
//! entity by its `id` only, behind the interface `Node`.

#![allow(dead_code)]

pub mod operations;

use std::fmt::Write;

/// One subgraph: its name and its schema.
pub struct LargeSubgraph {
    /// `s0`, `s1`, and so on.
    pub name: String,
    /// Federation 2.
    pub sdl: String,
}

/// What each subgraph owns one of.
pub const NOUNS: [&str; 9] = [
    "Account", "Order", "Product", "Invoice", "Ticket", "Shipment", "Campaign", "Device",
    "Document",
];

/// The entities that every subgraph adds a field to, and the subgraph that owns each.
pub const HUBS: [(&str, usize); 3] = [("User", 0), ("Organization", 1), ("Place", 2)];

/// The subgraph that knows every entity as a `Node`.
pub const NODES: usize = 3;

/// The schemas of so many subgraphs, at least five. Each brings 67 types of its own: 300 make 20,000.
pub fn subgraphs(count: usize) -> Vec<LargeSubgraph> {
    assert!(count >= 5, "the neighbours of a subgraph have to be others");
    let indices = 0..count;
    indices
        .map(|index| LargeSubgraph {
            name: format!("s{index}"),
            sdl: Subgraph {
                index,
                count,
                text: String::new(),
            }
            .write(),
        })
        .collect()
}

const HEADER: &str = r#"extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.5"
  import: ["@key", "@shareable", "@external", "@requires", "@provides"]
)
scalar DateTime
enum Currency { EUR USD INR }
type Money @shareable { amount: Int! currency: Currency! }
type Image @shareable { url: String! width: Int! height: Int! }
type Address @shareable { street: String! city: String! country: String! }
type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
interface Node { id: ID! }
"#;

struct Subgraph {
    index: usize,
    count: usize,
    text: String,
}

impl Subgraph {
    fn write(mut self) -> String {
        self.text.push_str(HEADER);
        self.roots();
        for (number, noun) in NOUNS.iter().enumerate() {
            self.entity(noun, number);
        }
        self.abstract_types();
        self.contributions();
        for (hub, owner) in HUBS {
            self.hub(hub, owner);
        }
        if self.index == NODES {
            self.nodes();
        }
        self.text
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// The index of the subgraph so many further on.
    fn neighbour(&self, distance: usize) -> usize {
        (self.index + distance) % self.count
    }

    fn roots(&mut self) {
        let i = self.index;
        let mut queries = format!(
            "serverTime: DateTime! @shareable search{i}(text: String!): [Result{i}!]! items{i}: [Item{i}!]! "
        );
        let mut mutations = String::new();
        for noun in NOUNS {
            let lower = noun.to_lowercase();
            let _ = write!(
                queries,
                "{lower}{i}(id: ID!): {noun}{i} {lower}s{i}(first: Int, filter: {noun}{i}Filter): {noun}{i}Connection! "
            );
            let _ = write!(
                mutations,
                "rename{noun}{i}(id: ID!, name: String!): {noun}{i} "
            );
        }
        for (hub, owner) in HUBS {
            if owner == i {
                let _ = write!(queries, "{}(id: ID!): {hub} ", hub.to_lowercase());
            }
        }
        if i == NODES {
            queries.push_str("node(id: ID!): Node nodes(ids: [ID!]!): [Node!]! ");
        }
        self.add(&format!(
            "type Query {{ {queries}}}\ntype Mutation {{ {mutations}}}"
        ));
    }

    /// An entity with all that belongs to it.
    fn entity(&mut self, noun: &str, number: usize) {
        let i = self.index;
        let name = format!("{noun}{i}");
        let (hub, _) = HUBS[number % HUBS.len()];
        let next = format!("{noun}{}", self.neighbour(1));
        let other = format!("{}{}", NOUNS[(number + 1) % NOUNS.len()], self.neighbour(3));
        let second_key = if number.is_multiple_of(3) {
            "@key(fields: \"code region\") "
        } else {
            ""
        };
        self.add(&format!(
            "type {name} implements Node & Item{i} @key(fields: \"id\") {second_key}{{
               id: ID! code: String! region: String! name: String! createdAt: DateTime! weight: Int
               price: Money! image(size: Int): Image status: {name}Status! details: {name}Details! stats: {name}Stats!
               owner: {hub} next: {next} others(first: Int): [{other}!]!
             }}
             type {name}Details {{ summary: String! size: Int! address: Address stats: {name}Stats! }}
             type {name}Stats {{ views: Int! sales: Int! revenue: Money! }}
             enum {name}Status {{ OPEN ACTIVE CLOSED }}
             input {name}Filter {{ status: {name}Status text: String ids: [ID!] }}
             type {name}Connection {{ edges: [{name}Edge!]! pageInfo: PageInfo! }}
             type {name}Edge {{ node: {name}! cursor: String! }}"
        ));
    }

    fn abstract_types(&mut self) {
        let i = self.index;
        let members = NOUNS.map(|noun| format!("{noun}{i}")).join(" | ");
        self.add(&format!(
            "interface Item{i} {{ id: ID! name: String! price: Money! }}
             union Result{i} = {members}
             union Owner{i} = User | Organization
             type Report{i} {{ title: String! lines: [ReportLine{i}!]! owner: Owner{i} }}
             type ReportLine{i} {{ text: String! item: Item{i} }}
             extend type Query {{ report{i}: Report{i} }}"
        ));
    }

    /// Fields for the entities of the subgraphs before, which are known here by one key or the other.
    fn contributions(&mut self) {
        for (number, noun) in NOUNS.iter().enumerate() {
            let i = self.index;
            let after = format!("{noun}{}", self.neighbour(1));
            self.add(&format!(
                "type {after} @key(fields: \"id\") {{
                   id: ID! weight: Int @external price: Money! @external rating{i}: Float!
                   shipping{i}: Money @requires(fields: \"weight price {{ amount currency }}\")
                 }}"
            ));
            let far = format!("{}{}", NOUNS[(number + 1) % NOUNS.len()], self.neighbour(3));
            let by_code = ((number + 1) % NOUNS.len()).is_multiple_of(3);
            let (key, fields) = match by_code {
                true => ("code region", "code: String! region: String!"),
                false => ("id", "id: ID!"),
            };
            self.add(&format!(
                "type {far} @key(fields: \"{key}\") {{ {fields} popularity{i}: Int! }}"
            ));
        }
    }

    /// An entity that every subgraph adds to.
    fn hub(&mut self, hub: &str, owner: usize) {
        let i = self.index;
        let lower = hub.to_lowercase();
        if owner == i {
            self.add(&format!(
                "type {hub} @key(fields: \"id\") {{ id: ID! name: String! email: String! address: Address {lower}Orders{i}: Int! }}"
            ));
        } else if i.is_multiple_of(10) {
            self.add(&format!(
                "type {hub} @key(fields: \"id\") {{
                   id: ID! email: String! @external {lower}Orders{i}: Int! @requires(fields: \"email\")
                 }}"
            ));
        } else {
            self.add(&format!(
                "type {hub} @key(fields: \"id\") {{ id: ID! {lower}Orders{i}: Int! {lower}Latest{i}: Order{i} }}"
            ));
        }
    }

    /// What the subgraph of all nodes knows of the others' entities.
    fn nodes(&mut self) {
        let known = [self.index, self.neighbour(1), self.neighbour(3)];
        for index in 0..self.count {
            if known.contains(&index) {
                continue;
            }
            for noun in NOUNS {
                self.add(&format!(
                    "type {noun}{index} implements Node @key(fields: \"id\") {{ id: ID! }}"
                ));
            }
        }
    }
}
