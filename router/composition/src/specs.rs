//! The specifications under `https://specs.apollo.dev` as far as composition knows them: which
//! federation version has which directive, and how each directive is defined.

/// Identity of the federation specification.
pub(crate) const FEDERATION: &str = "https://specs.apollo.dev/federation";
/// Identity of the link specification.
pub(crate) const LINK: &str = "https://specs.apollo.dev/link";
/// Identity of the specification of connectors.
pub(crate) const CONNECT: &str = "https://specs.apollo.dev/connect";
/// Under this address stands every specification of [`KEPT_SPECS`].
const SPECS: &str = "https://specs.apollo.dev/";

/// Whether a directive's name belongs, in every supergraph, to the join or the link specification.
pub(crate) fn is_reserved(directive: &str) -> bool {
    ["join", "link", "core"].iter().any(|namespace| {
        let rest = directive.strip_prefix(namespace);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
    })
}

/// A specification's version, `v2.5` is `Version(2, 5)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub u32, pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "v{}.{}", self.0, self.1)
    }
}

/// What a schema without a `@link` to federation speaks.
pub(crate) const FEDERATION_1: Version = Version(1, 0);
/// The first version that schemas link.
pub(crate) const OLDEST_FEDERATION_2: Version = Version(2, 0);
/// The version whose directives a schema without a link has when it defines them itself.
pub(crate) const FEDERATION_OF_UNLINKED: Version = Version(2, 4);
/// The newest federation version in Apollo's documentation.
pub(crate) const NEWEST_FEDERATION: Version = Version(2, 15);
/// `@key` on interfaces and `@interfaceObject` exist from here on.
pub(crate) const ENTITY_INTERFACES_SINCE: Version = Version(2, 3);

/// From here on `@shareable` on a type means the fields of that declaration alone.
pub(crate) const SHAREABLE_BY_DECLARATION_SINCE: Version = Version(2, 2);

/// A directive of the federation specification.
#[derive(Debug)]
pub(crate) struct FederationDirective {
    /// Canonical name, without `@`.
    pub name: &'static str,
    /// First version that has it. Federation 1 has those marked `FEDERATION_1`.
    pub since: Version,
    /// Its definition in the newest version, under its canonical name.
    pub definition: &'static str,
}

const fn known(
    name: &'static str,
    since: Version,
    definition: &'static str,
) -> FederationDirective {
    FederationDirective {
        name,
        since,
        definition,
    }
}

/// Every directive of the federation specification.
pub(crate) const FEDERATION_DIRECTIVES: &[FederationDirective] = &[
    known(
        "key",
        FEDERATION_1,
        "directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
    ),
    known(
        "requires",
        FEDERATION_1,
        "directive @requires(fields: federation__FieldSet!) on FIELD_DEFINITION",
    ),
    known(
        "provides",
        FEDERATION_1,
        "directive @provides(fields: federation__FieldSet!) on FIELD_DEFINITION",
    ),
    known(
        "external",
        FEDERATION_1,
        "directive @external(reason: String) on OBJECT | FIELD_DEFINITION",
    ),
    known(
        "extends",
        FEDERATION_1,
        "directive @extends on OBJECT | INTERFACE",
    ),
    known(
        "tag",
        FEDERATION_1,
        "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
    ),
    known(
        "inaccessible",
        FEDERATION_1,
        "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    known(
        "shareable",
        Version(2, 0),
        "directive @shareable repeatable on OBJECT | FIELD_DEFINITION",
    ),
    known(
        "override",
        Version(2, 0),
        "directive @override(from: String!, label: String) on FIELD_DEFINITION",
    ),
    known(
        "composeDirective",
        Version(2, 1),
        "directive @composeDirective(name: String) repeatable on SCHEMA",
    ),
    known(
        "interfaceObject",
        ENTITY_INTERFACES_SINCE,
        "directive @interfaceObject on OBJECT",
    ),
    known(
        "authenticated",
        Version(2, 5),
        "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    known(
        "requiresScopes",
        Version(2, 5),
        "directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    known(
        "policy",
        Version(2, 6),
        "directive @policy(policies: [[federation__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    known(
        "context",
        Version(2, 8),
        "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
    ),
    known(
        "fromContext",
        Version(2, 8),
        "directive @fromContext(field: federation__ContextFieldValue) on ARGUMENT_DEFINITION",
    ),
    known(
        "cost",
        Version(2, 9),
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    known(
        "listSize",
        Version(2, 9),
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    known(
        "cacheTag",
        Version(2, 12),
        "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION",
    ),
];

/// The scalars that the definitions above use.
pub(crate) const FEDERATION_SCALARS: &[&str] = &[
    "federation__FieldSet",
    "federation__Scope",
    "federation__Policy",
    "federation__ContextFieldValue",
];

/// Names under which schemas may import the specification's types.
pub(crate) const FEDERATION_TYPES: &[&str] = &["FieldSet", "Scope", "Policy", "ContextFieldValue"];

/// The directives that belong to GraphQL itself.
pub(crate) const BUILT_IN: &[&str] = &["skip", "include", "deprecated", "specifiedBy", "oneOf"];

/// The one of them that is so young that not everyone knows it without a definition.
pub(crate) const ONE_OF: &str = "directive @oneOf on INPUT_OBJECT\n";

/// Those of them that are merged like ours.
pub(crate) const BUILT_IN_MERGED: &[&str] = &["deprecated", "specifiedBy", "oneOf"];

/// The directives that say what a client needs in order to see something, in the order in which the
/// supergraph has them.
pub(crate) const AUTHORIZATION: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// The federation directive of this canonical name.
pub(crate) fn federation_directive(name: &str) -> Option<&'static FederationDirective> {
    FEDERATION_DIRECTIVES
        .iter()
        .find(|directive| directive.name == name)
}

/// A specification whose directives the supergraph keeps, as the supergraph links it.
#[derive(Debug)]
pub(crate) struct KeptSpec {
    /// Last segment of its identity, and the name of its main directive.
    pub name: &'static str,
    pub version: Version,
    /// What the `for:` of its link says.
    pub purpose: Option<&'static str>,
    pub directives: &'static [KeptDirective],
    /// Further definitions that the directives need.
    pub types: &'static str,
}

/// A directive that the supergraph keeps.
#[derive(Debug)]
pub(crate) struct KeptDirective {
    /// Canonical name, without `@`; subgraphs may have another name for it.
    pub name: &'static str,
    /// Its definition, from the arguments on.
    pub definition: &'static str,
}

/// In the order in which the supergraph links them.
pub(crate) const KEPT_SPECS: &[KeptSpec] = &[
    KeptSpec {
        name: "tag",
        version: Version(0, 3),
        purpose: None,
        directives: &[KeptDirective {
            name: "tag",
            definition: "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA",
        }],
        types: "",
    },
    KeptSpec {
        name: "inaccessible",
        version: Version(0, 2),
        purpose: Some("SECURITY"),
        directives: &[KeptDirective {
            name: "inaccessible",
            definition: " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
        }],
        types: "",
    },
    KeptSpec {
        name: "authenticated",
        version: Version(0, 1),
        purpose: Some("SECURITY"),
        directives: &[KeptDirective {
            name: "authenticated",
            definition: " on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        }],
        types: "",
    },
    KeptSpec {
        name: "requiresScopes",
        version: Version(0, 1),
        purpose: Some("SECURITY"),
        directives: &[KeptDirective {
            name: "requiresScopes",
            definition: "(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        }],
        types: "scalar requiresScopes__Scope",
    },
    KeptSpec {
        name: "policy",
        version: Version(0, 1),
        purpose: Some("SECURITY"),
        directives: &[KeptDirective {
            name: "policy",
            definition: "(policies: [[policy__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
        }],
        types: "scalar policy__Policy",
    },
    KeptSpec {
        name: "cost",
        version: Version(0, 1),
        purpose: None,
        directives: &[
            KeptDirective {
                name: "cost",
                definition: "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
            },
            KeptDirective {
                name: "listSize",
                definition: "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
            },
        ],
        types: "",
    },
    KeptSpec {
        name: "context",
        version: Version(0, 1),
        purpose: Some("SECURITY"),
        directives: &[KeptDirective {
            name: "context",
            definition: "(name: String!) repeatable on INTERFACE | OBJECT | UNION",
        }],
        types: "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION\n\nscalar context__ContextFieldValue",
    },
];

/// The kept specification that a `@link` means by its identity.
pub(crate) fn kept_spec(identity: &str) -> Option<&'static KeptSpec> {
    let name = identity.strip_prefix(SPECS)?;
    KEPT_SPECS.iter().find(|spec| spec.name == name)
}

/// Whether the supergraph keeps a directive of federation of this canonical name.
pub(crate) fn is_kept(directive: &str) -> bool {
    KEPT_SPECS
        .iter()
        .flat_map(|spec| spec.directives)
        .any(|kept| kept.name == directive)
}
