//! The specifications under `https://specs.apollo.dev` as far as composition knows them: which
//! federation version has which directive, and how each directive is defined.

/// Identity of the federation specification.
pub(crate) const FEDERATION: &str = "https://specs.apollo.dev/federation";
/// Identity of the link specification.
pub(crate) const LINK: &str = "https://specs.apollo.dev/link";
/// Identity of the tag specification.
pub(crate) const TAG: &str = "https://specs.apollo.dev/tag";
/// Identity of the inaccessible specification.
pub(crate) const INACCESSIBLE: &str = "https://specs.apollo.dev/inaccessible";

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
/// The newest federation version in Apollo's documentation.
pub(crate) const NEWEST_FEDERATION: Version = Version(2, 14);
/// `@key` on interfaces and `@interfaceObject` exist from here on.
pub(crate) const ENTITY_INTERFACES_SINCE: Version = Version(2, 3);

/// What composition does with a directive of the federation specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// Understood.
    Full,
    /// Known, and refused: ignoring it would change what the graph does.
    Refused,
}

/// A directive of the federation specification.
#[derive(Debug)]
pub(crate) struct FederationDirective {
    /// Canonical name, without `@`.
    pub name: &'static str,
    /// First version that has it. Federation 1 has those marked `FEDERATION_1`.
    pub since: Version,
    pub support: Support,
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
        support: Support::Full,
        definition,
    }
}

const fn refused(
    name: &'static str,
    since: Version,
    definition: &'static str,
) -> FederationDirective {
    FederationDirective {
        name,
        since,
        support: Support::Refused,
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
    refused(
        "composeDirective",
        Version(2, 1),
        "directive @composeDirective(name: String!) repeatable on SCHEMA",
    ),
    known(
        "interfaceObject",
        ENTITY_INTERFACES_SINCE,
        "directive @interfaceObject on OBJECT",
    ),
    refused(
        "authenticated",
        Version(2, 5),
        "directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    refused(
        "requiresScopes",
        Version(2, 5),
        "directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    refused(
        "policy",
        Version(2, 6),
        "directive @policy(policies: [[federation__Policy!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM",
    ),
    refused(
        "context",
        Version(2, 8),
        "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
    ),
    refused(
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
    refused(
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

/// Directives that belong to GraphQL itself and are merged like ours.
pub(crate) const BUILT_IN_MERGED: &[&str] = &["deprecated", "specifiedBy", "oneOf"];

/// The federation directive of this canonical name.
pub(crate) fn federation_directive(name: &str) -> Option<&'static FederationDirective> {
    FEDERATION_DIRECTIVES
        .iter()
        .find(|directive| directive.name == name)
}
