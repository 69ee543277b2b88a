//! Apollo's documented codes for composition errors and hints.
//!
//! See the references of [errors](https://www.apollographql.com/docs/graphos/reference/federation/errors)
//! and [hints](https://www.apollographql.com/docs/graphos/reference/federation/hints).

pub use crate::hint::{HintCode, HintLevel};

// Errors

/// An authorization directive stands on an interface, which inherits its implementations' demands.
pub const AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: &str = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE";
/// An argument comes from a context in one subgraph and from the client in another: an error where it
/// is required, else a hint.
pub const CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: &str =
    "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS";
/// What `@fromContext` selects is not one value of the argument's type.
pub const CONTEXT_INVALID_SELECTION: &str = "CONTEXT_INVALID_SELECTION";
/// A context's name is not made of letters and digits.
pub const CONTEXT_NAME_INVALID: &str = "CONTEXT_NAME_INVALID";
/// `@fromContext` stands where no context can reach, or names one that no type sets.
pub const CONTEXT_NOT_SET: &str = "CONTEXT_NOT_SET";
/// A field takes an argument from a context, and its type has no resolvable key.
pub const CONTEXT_NO_RESOLVABLE_KEY: &str = "CONTEXT_NO_RESOLVABLE_KEY";
/// A field of an interface has a `@cost`, which depends on who resolves it.
pub const COST_APPLIED_TO_INTERFACE_FIELD: &str = "COST_APPLIED_TO_INTERFACE_FIELD";
/// A visible element's default value uses an `@inaccessible` element.
pub const DEFAULT_VALUE_USES_INACCESSIBLE: &str = "DEFAULT_VALUE_USES_INACCESSIBLE";
/// A custom directive cannot be composed.
pub const DIRECTIVE_COMPOSITION_ERROR: &str = "DIRECTIVE_COMPOSITION_ERROR";
/// A subgraph defines a federation directive differently from its specification.
pub const DIRECTIVE_DEFINITION_INVALID: &str = "DIRECTIVE_DEFINITION_INVALID";
/// `@inaccessible` stands where it may not: a built-in type, or the introspection system.
pub const DISALLOWED_INACCESSIBLE: &str = "DISALLOWED_INACCESSIBLE";
/// An enum used as input has no value common to all subgraphs.
pub const EMPTY_MERGED_ENUM_TYPE: &str = "EMPTY_MERGED_ENUM_TYPE";
/// An input object has no field common to all subgraphs.
pub const EMPTY_MERGED_INPUT_TYPE: &str = "EMPTY_MERGED_INPUT_TYPE";
/// An enum used as input and output differs between subgraphs.
pub const ENUM_VALUE_MISMATCH: &str = "ENUM_VALUE_MISMATCH";
/// A type is extended, and no subgraph defines it.
pub const EXTENSION_WITH_NO_BASE: &str = "EXTENSION_WITH_NO_BASE";
/// An `@external` field's argument has another default than the field it stands for.
pub const EXTERNAL_ARGUMENT_DEFAULT_MISMATCH: &str = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH";
/// An `@external` field lacks an argument of the field it stands for.
pub const EXTERNAL_ARGUMENT_MISSING: &str = "EXTERNAL_ARGUMENT_MISSING";
/// An `@external` field's argument has another type than the field it stands for.
pub const EXTERNAL_ARGUMENT_TYPE_MISMATCH: &str = "EXTERNAL_ARGUMENT_TYPE_MISMATCH";
/// `@external` stands beside a directive that it contradicts.
pub const EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: &str =
    "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE";
/// A field is `@external` wherever it is defined.
pub const EXTERNAL_MISSING_ON_BASE: &str = "EXTERNAL_MISSING_ON_BASE";
/// `@external` stands on an interface's field.
pub const EXTERNAL_ON_INTERFACE: &str = "EXTERNAL_ON_INTERFACE";
/// An `@external` field has another type than the field it stands for.
pub const EXTERNAL_TYPE_MISMATCH: &str = "EXTERNAL_TYPE_MISMATCH";
/// An `@external` field serves no key, `@requires`, `@provides` or interface.
pub const EXTERNAL_UNUSED: &str = "EXTERNAL_UNUSED";
/// An argument's default differs between subgraphs.
pub const FIELD_ARGUMENT_DEFAULT_MISMATCH: &str = "FIELD_ARGUMENT_DEFAULT_MISMATCH";
/// An argument's types in two subgraphs are incompatible.
pub const FIELD_ARGUMENT_TYPE_MISMATCH: &str = "FIELD_ARGUMENT_TYPE_MISMATCH";
/// A field's types in two subgraphs are incompatible.
pub const FIELD_TYPE_MISMATCH: &str = "FIELD_TYPE_MISMATCH";
/// A visible interface field is implemented by an `@inaccessible` one.
pub const IMPLEMENTED_BY_INACCESSIBLE: &str = "IMPLEMENTED_BY_INACCESSIBLE";
/// An input field's default differs between subgraphs.
pub const INPUT_FIELD_DEFAULT_MISMATCH: &str = "INPUT_FIELD_DEFAULT_MISMATCH";
/// After merging, an object type lacks a field of an interface it implements.
pub const INTERFACE_FIELD_NO_IMPLEM: &str = "INTERFACE_FIELD_NO_IMPLEM";
/// A subgraph has a key on an interface but not all of its implementations.
pub const INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: &str =
    "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE";
/// An interface's key is missing on one of its implementations.
pub const INTERFACE_KEY_NOT_ON_IMPLEMENTATION: &str = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION";
/// `@interfaceObject` is used in a way that contradicts its specification.
pub const INTERFACE_OBJECT_USAGE_ERROR: &str = "INTERFACE_OBJECT_USAGE_ERROR";
/// Several subgraphs resolve a field that is not `@shareable` in all of them.
pub const INVALID_FIELD_SHARING: &str = "INVALID_FIELD_SHARING";
/// A schema is not valid GraphQL.
pub const INVALID_GRAPHQL: &str = "INVALID_GRAPHQL";
/// A `@link` is malformed, imports what its specification does not have, or gives it a name that is taken.
pub const INVALID_LINK_DIRECTIVE_USAGE: &str = "INVALID_LINK_DIRECTIVE_USAGE";
/// A `@link` URL has no usable name or version.
pub const INVALID_LINK_IDENTIFIER: &str = "INVALID_LINK_IDENTIFIER";
/// `@shareable` stands where it means nothing.
pub const INVALID_SHAREABLE_USAGE: &str = "INVALID_SHAREABLE_USAGE";
/// A subgraph's name cannot be used.
pub const INVALID_SUBGRAPH_NAME: &str = "INVALID_SUBGRAPH_NAME";
/// A `@key` selection contains a directive.
pub const KEY_DIRECTIVE_IN_FIELDS_ARG: &str = "KEY_DIRECTIVE_IN_FIELDS_ARG";
/// A `@key` selection contains a field with arguments.
pub const KEY_FIELDS_HAS_ARGS: &str = "KEY_FIELDS_HAS_ARGS";
/// A `@key` selection goes through an interface or a union.
pub const KEY_FIELDS_SELECT_INVALID_TYPE: &str = "KEY_FIELDS_SELECT_INVALID_TYPE";
/// A `@key` selection is not a valid selection on its type.
pub const KEY_INVALID_FIELDS: &str = "KEY_INVALID_FIELDS";
/// A `@key` selection is not a string.
pub const KEY_INVALID_FIELDS_TYPE: &str = "KEY_INVALID_FIELDS_TYPE";
/// `@key` stands on an interface before Federation 2.3.
pub const KEY_UNSUPPORTED_ON_INTERFACE: &str = "KEY_UNSUPPORTED_ON_INTERFACE";
/// Subgraphs import a merged directive under different names.
pub const LINK_IMPORT_NAME_MISMATCH: &str = "LINK_IMPORT_NAME_MISMATCH";
/// `@listSize` stands on a field that is no list.
pub const LIST_SIZE_APPLIED_TO_NON_LIST: &str = "LIST_SIZE_APPLIED_TO_NON_LIST";
/// `@listSize` assumes a negative size.
pub const LIST_SIZE_INVALID_ASSUMED_SIZE: &str = "LIST_SIZE_INVALID_ASSUMED_SIZE";
/// `@listSize` names a sized field that the field's type does not have.
pub const LIST_SIZE_INVALID_SIZED_FIELD: &str = "LIST_SIZE_INVALID_SIZED_FIELD";
/// `@listSize` names a slicing argument that the field does not have, or that is no number.
pub const LIST_SIZE_INVALID_SLICING_ARGUMENT: &str = "LIST_SIZE_INVALID_SLICING_ARGUMENT";
/// A directive that would be merged stands on an `@external` field.
pub const MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: &str =
    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL";
/// A field that depends on protected data does not demand what that data demands.
pub const MISSING_TRANSITIVE_AUTH_REQUIREMENTS: &str = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS";
/// `@fromContext` does not say which context, or what of it.
pub const NO_CONTEXT_IN_SELECTION: &str = "NO_CONTEXT_IN_SELECTION";
/// No subgraph defines a query.
pub const NO_QUERIES: &str = "NO_QUERIES";
/// A visible type has only `@inaccessible` parts.
pub const ONLY_INACCESSIBLE_CHILDREN: &str = "ONLY_INACCESSIBLE_CHILDREN";
/// `@override` stands beside a directive that it contradicts.
pub const OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: &str =
    "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE";
/// A field overrides the one in its own subgraph.
pub const OVERRIDE_FROM_SELF_ERROR: &str = "OVERRIDE_FROM_SELF_ERROR";
/// An `@override` label is neither a name nor `percent(x)`.
pub const OVERRIDE_LABEL_INVALID: &str = "OVERRIDE_LABEL_INVALID";
/// `@override` stands on an interface's field.
pub const OVERRIDE_ON_INTERFACE: &str = "OVERRIDE_ON_INTERFACE";
/// The field that is overridden overrides another.
pub const OVERRIDE_SOURCE_HAS_OVERRIDE: &str = "OVERRIDE_SOURCE_HAS_OVERRIDE";
/// A `@provides` selection contains a directive.
pub const PROVIDES_DIRECTIVE_IN_FIELDS_ARG: &str = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG";
/// A `@provides` selection contains a field with arguments.
pub const PROVIDES_FIELDS_HAS_ARGS: &str = "PROVIDES_FIELDS_HAS_ARGS";
/// A `@provides` selection names a field that is not `@external`.
pub const PROVIDES_FIELDS_MISSING_EXTERNAL: &str = "PROVIDES_FIELDS_MISSING_EXTERNAL";
/// A `@provides` selection is not a valid selection on the field's type.
pub const PROVIDES_INVALID_FIELDS: &str = "PROVIDES_INVALID_FIELDS";
/// A `@provides` selection is not a string.
pub const PROVIDES_INVALID_FIELDS_TYPE: &str = "PROVIDES_INVALID_FIELDS_TYPE";
/// `@provides` stands on a field without sub-fields.
pub const PROVIDES_ON_NON_OBJECT_FIELD: &str = "PROVIDES_ON_NON_OBJECT_FIELD";
/// `@provides` stands on an interface's field.
pub const PROVIDES_UNSUPPORTED_ON_INTERFACE: &str = "PROVIDES_UNSUPPORTED_ON_INTERFACE";
/// The query root type is `@inaccessible`.
pub const QUERY_ROOT_TYPE_INACCESSIBLE: &str = "QUERY_ROOT_TYPE_INACCESSIBLE";
/// A visible element refers to an `@inaccessible` type.
pub const REFERENCED_INACCESSIBLE: &str = "REFERENCED_INACCESSIBLE";
/// A required argument is not defined in all subgraphs that resolve the field.
pub const REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: &str =
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH";
/// An `@inaccessible` argument or input field is required.
pub const REQUIRED_INACCESSIBLE: &str = "REQUIRED_INACCESSIBLE";
/// A required input field is not defined in all subgraphs.
pub const REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: &str =
    "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH";
/// A `@requires` selection contains a directive.
pub const REQUIRES_DIRECTIVE_IN_FIELDS_ARG: &str = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG";
/// A `@requires` selection names a field that is not `@external`.
pub const REQUIRES_FIELDS_MISSING_EXTERNAL: &str = "REQUIRES_FIELDS_MISSING_EXTERNAL";
/// A `@requires` selection is not a valid selection on its type.
pub const REQUIRES_INVALID_FIELDS: &str = "REQUIRES_INVALID_FIELDS";
/// A `@requires` selection is not a string.
pub const REQUIRES_INVALID_FIELDS_TYPE: &str = "REQUIRES_INVALID_FIELDS_TYPE";
/// `@requires` stands on an interface's field.
pub const REQUIRES_UNSUPPORTED_ON_INTERFACE: &str = "REQUIRES_UNSUPPORTED_ON_INTERFACE";
/// A type named `Mutation` is not the mutation root.
pub const ROOT_MUTATION_USED: &str = "ROOT_MUTATION_USED";
/// A type named `Query` is not the query root.
pub const ROOT_QUERY_USED: &str = "ROOT_QUERY_USED";
/// A type named `Subscription` is not the subscription root.
pub const ROOT_SUBSCRIPTION_USED: &str = "ROOT_SUBSCRIPTION_USED";
/// Some path of the API schema cannot be resolved by the subgraphs.
pub const SATISFIABILITY_ERROR: &str = "SATISFIABILITY_ERROR";
/// A shared field's possible types in two subgraphs have nothing in common.
pub const SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: &str = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES";
/// A subgraph defines one of federation's types differently from its specification.
pub const TYPE_DEFINITION_INVALID: &str = "TYPE_DEFINITION_INVALID";
/// A type has different kinds in different subgraphs.
pub const TYPE_KIND_MISMATCH: &str = "TYPE_KIND_MISMATCH";
/// A Federation 1 type has only `@external` fields that nothing uses, and something is of that type.
pub const TYPE_WITH_ONLY_UNUSED_EXTERNAL: &str = "TYPE_WITH_ONLY_UNUSED_EXTERNAL";
/// A `@link` names a federation version that does not exist.
pub const UNKNOWN_FEDERATION_LINK_VERSION: &str = "UNKNOWN_FEDERATION_LINK_VERSION";
/// A `@link` names a version of the link specification that does not exist.
pub const UNKNOWN_LINK_VERSION: &str = "UNKNOWN_LINK_VERSION";
/// A `@link` names a feature that is not supported, or a version of one that does not exist.
pub const UNSUPPORTED_LINKED_FEATURE: &str = "UNSUPPORTED_LINKED_FEATURE";

// Hints

/// [`CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS`] as a hint. The reference gives it no level; the supergraph
/// leaves the client's argument out.
pub const CONTEXTUAL_ARGUMENT_LEFT_OUT: HintCode =
    HintCode::warn(CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS);

/// A directive is composed by default, or its specification is in use in several versions.
pub const DIRECTIVE_COMPOSITION_INFO: HintCode = HintCode::info("DIRECTIVE_COMPOSITION_INFO");
/// A directive that some subgraphs compose has another name elsewhere.
pub const DIRECTIVE_COMPOSITION_WARN: HintCode = HintCode::warn("DIRECTIVE_COMPOSITION_WARN");
/// `@override` names a subgraph that is not part of the graph.
pub const FROM_SUBGRAPH_DOES_NOT_EXIST: HintCode = HintCode::warn("FROM_SUBGRAPH_DOES_NOT_EXIST");
/// An optional argument is not in all subgraphs, so it is dropped.
pub const INCONSISTENT_ARGUMENT_PRESENCE: HintCode =
    HintCode::warn("INCONSISTENT_ARGUMENT_PRESENCE");
/// An argument's type differs between subgraphs, compatibly.
pub const INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE: HintCode =
    HintCode::info("INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE");
/// A field's type differs between subgraphs, compatibly.
pub const INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE: HintCode =
    HintCode::info("INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE");
/// A default value is not in all subgraphs, so it is dropped.
pub const INCONSISTENT_DEFAULT_VALUE_PRESENCE: HintCode =
    HintCode::warn("INCONSISTENT_DEFAULT_VALUE_PRESENCE");
/// A description differs between subgraphs.
pub const INCONSISTENT_DESCRIPTION: HintCode = HintCode::warn("INCONSISTENT_DESCRIPTION");
/// A type has a key in some of its subgraphs only.
pub const INCONSISTENT_ENTITY: HintCode = HintCode::info("INCONSISTENT_ENTITY");
/// An input enum's value is not in all subgraphs, so it is dropped.
pub const INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM: HintCode =
    HintCode::warn("INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM");
/// An output enum's value is not in all subgraphs.
pub const INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM: HintCode =
    HintCode::debug("INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM");
/// An executable directive is not in all subgraphs, so it is dropped.
pub const INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE: HintCode =
    HintCode::warn("INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE");
/// An executable directive's locations differ between subgraphs.
pub const INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS: HintCode =
    HintCode::warn("INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS");
/// An executable directive is repeatable in some subgraphs only.
pub const INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE: HintCode =
    HintCode::warn("INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE");
/// An input object's field is not in all subgraphs, so it is dropped.
pub const INCONSISTENT_INPUT_OBJECT_FIELD: HintCode =
    HintCode::warn("INCONSISTENT_INPUT_OBJECT_FIELD");
/// An interface's field is not in all subgraphs.
pub const INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD: HintCode =
    HintCode::debug("INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD");
/// A merged directive's arguments differ between subgraphs.
pub const INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS: HintCode =
    HintCode::warn("INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS");
/// A value type's field is not in all subgraphs.
pub const INCONSISTENT_OBJECT_VALUE_TYPE_FIELD: HintCode =
    HintCode::debug("INCONSISTENT_OBJECT_VALUE_TYPE_FIELD");
/// A shared field can be of types in one subgraph that it cannot be of in another.
pub const INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN: HintCode =
    HintCode::warn("INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN");
/// A union's member is not in all subgraphs.
pub const INCONSISTENT_UNION_MEMBER: HintCode = HintCode::debug("INCONSISTENT_UNION_MEMBER");
/// Subgraphs apply a directive with different arguments, which are combined.
pub const MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS: HintCode =
    HintCode::info("MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS");
/// An executable directive has no location common to all subgraphs.
pub const NO_EXECUTABLE_DIRECTIVE_INTERSECTION: HintCode =
    HintCode::warn("NO_EXECUTABLE_DIRECTIVE_INTERSECTION");
/// A field is overridden by another subgraph and serves nothing.
pub const OVERRIDDEN_FIELD_CAN_BE_REMOVED: HintCode =
    HintCode::info("OVERRIDDEN_FIELD_CAN_BE_REMOVED");
/// An `@override` has nothing to override.
pub const OVERRIDE_DIRECTIVE_CAN_BE_REMOVED: HintCode =
    HintCode::info("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED");
/// A field is overridden progressively.
pub const OVERRIDE_MIGRATION_IN_PROGRESS: HintCode =
    HintCode::info("OVERRIDE_MIGRATION_IN_PROGRESS");
/// No field and no argument is of this enum.
pub const UNUSED_ENUM_TYPE: HintCode = HintCode::debug("UNUSED_ENUM_TYPE");
