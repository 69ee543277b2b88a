use http::Request;
use serde_json::json;

use super::*;
use crate::config::{ContextEntries, RouterConfig};

const ID: &str = "d0a8245df0efe8aa38a80dba1147fb2e";
const POLICIES: &str = "apollo::authorization::required_policies";

/// What the coprocessor is told of one request with a token, when it is configured so.
fn told(request: &str) -> Value {
    let yaml =
        format!("coprocessor: {{ url: 'http://localhost', supergraph: {{ request: {request} }} }}");
    let config = RouterConfig::from_yaml(&yaml).unwrap();
    ask(
        &config.coprocessor.unwrap().supergraph.request,
        |question| serde_json::to_value(question).unwrap(),
    )
}

/// What an answer comes to.
fn verdict(answer: &Value) -> Result<Verdict, AnswerError> {
    ask(&CoprocessorRequest::default(), |question| {
        question.verdict(answer.to_string().as_bytes())
    })
}

fn ask<T>(told: &CoprocessorRequest, then: impl FnOnce(&Question) -> T) -> T {
    let (mut parts, ()) = Request::post("/graphql")
        .header("cookie", "tasty=strawberry")
        .header("accept", "text/html")
        .header("accept", "application/json")
        .body(())
        .unwrap()
        .into_parts();
    parts
        .headers
        .insert("x-correlation-id", ID.parse().unwrap());
    let id = CorrelationId::of(&parts.headers);
    parts.extensions.insert(id);
    let variables = json!({ "a": 1 });
    let variables = serde_json::from_value(variables).unwrap();
    let operation = Operation {
        query: "query Me { me { name } }",
        operation_name: Some("Me"),
        variables: &variables,
    };
    let policies = ["read_credit_card", "read_profile"].map(Arc::from).into();
    let claims = Claims(Arc::new(Map::from_iter([("sub".to_owned(), "ada".into())])));
    let question = Question::new(told, &policies, Some(&claims), &parts, operation);
    then(&question)
}

#[test]
fn a_coprocessor_is_told_the_policies_and_the_claims() {
    assert_eq!(
        told("{}"),
        json!({
            "version": 1,
            "stage": "SupergraphRequest",
            "control": "continue",
            "id": ID,
            "context": {
                "entries": {
                    "apollo::authentication::jwt_claims": { "sub": "ada" },
                    "apollo::authorization::required_policies": {
                        "read_credit_card": null,
                        "read_profile": null,
                    },
                },
            },
        })
    );
}

#[test]
fn a_coprocessor_is_told_what_else_is_configured() {
    let told = told("{ headers: true, method: true, body: true }");
    assert_eq!(
        told["headers"],
        json!({
            "accept": ["text/html", "application/json"],
            "cookie": ["tasty=strawberry"],
            "x-correlation-id": [ID],
        })
    );
    assert_eq!(told["method"], "POST");
    assert_eq!(
        told["body"],
        json!({ "query": "query Me { me { name } }", "operationName": "Me", "variables": { "a": 1 } })
    );
}

#[test]
fn the_context_has_the_entries_and_the_names_that_are_configured() {
    let names = |context: &str| {
        let told = told(&format!("{{ context: {context} }}"));
        let entries = told["context"]["entries"].as_object().unwrap().clone();
        entries
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let now = ["apollo::authentication::jwt_claims", POLICIES];
    let before = [
        "apollo_authentication::JWT::claims",
        "apollo_authorization::policies::required",
    ];
    assert_eq!(names("all"), now);
    assert_eq!(names("true"), before);
    assert_eq!(names("deprecated"), before);
    assert_eq!(
        names(&format!("{{ selective: ['{POLICIES}', other] }}")),
        [POLICIES]
    );
}

#[test]
fn what_is_true_is_granted_and_nothing_else() {
    let granted = |policies: Value| {
        let answer = json!({ "context": { "entries": { POLICIES: policies, "mine": 1 } } });
        match verdict(&answer).unwrap() {
            Verdict::Granted(granted) => granted.into_iter().collect::<Vec<_>>(),
            Verdict::Ended(refusal) => panic!("ended: {}", refusal.body()),
        }
    };
    let answered = json!({ "read_profile": true, "read_credit_card": false, "other": null });
    assert_eq!(granted(answered), ["read_profile".into()]);
    assert_eq!(granted(json!({})), []);
}

#[test]
fn deprecated_names_are_expected_back() {
    let told = CoprocessorRequest {
        context: ContextEntries::Deprecated,
        ..CoprocessorRequest::default()
    };
    let granted = |name: &str| {
        let answer = json!({ "context": { "entries": { name: { "read_profile": true } } } });
        let verdict = ask(&told, |question| {
            question.verdict(answer.to_string().as_bytes())
        });
        match verdict.unwrap() {
            Verdict::Granted(granted) => granted.len(),
            Verdict::Ended(refusal) => panic!("ended: {}", refusal.body()),
        }
    };
    assert_eq!(granted("apollo_authorization::policies::required"), 1);
    assert_eq!(granted(POLICIES), 0);
}

#[test]
fn what_the_answer_leaves_out_is_undecided() {
    for answer in [
        json!({}),
        json!({ "version": 1, "stage": "SupergraphRequest", "control": "continue", "id": ID }),
        json!({ "context": {} }),
        json!({ "context": { "entries": {} } }),
        json!({ "context": null }),
    ] {
        let verdict = verdict(&answer).unwrap();
        assert!(
            matches!(&verdict, Verdict::Granted(granted) if granted.is_empty()),
            "{answer}: {verdict:?}"
        );
    }
}

#[test]
fn a_wrong_answer_grants_nothing() {
    let entries = json!({ "entries": { POLICIES: { "read_profile": true } } });
    for (answer, expected) in [
        (json!([]), "invalid"),
        (json!("continue"), "invalid"),
        (
            json!({ "version": 2, "context": entries }),
            "another `version`",
        ),
        (
            json!({ "stage": "RouterRequest", "context": entries }),
            "another `stage`",
        ),
        (json!({ "id": "17", "context": entries }), "another `id`"),
        (
            json!({ "control": "stop", "context": entries }),
            "unknown variant `stop`",
        ),
        (json!({ "control": { "break": 7 } }), "HTTP status 7"),
        (json!({ "control": { "break": 101 } }), "HTTP status 101"),
        (json!({ "control": { "break": "401" } }), "invalid type"),
        (
            json!({ "control": { "break": 401 }, "body": { "errors": ["no"] } }),
            "invalid type",
        ),
        (
            json!({ "context": { "entries": { POLICIES: true } } }),
            "invalid type",
        ),
        (
            json!({ "context": { "entries": { POLICIES: { "read_profile": "true" } } } }),
            "invalid type",
        ),
    ] {
        let error = verdict(&answer).unwrap_err().to_string();
        assert!(error.contains(expected), "{answer}: {error}");
    }
}

#[test]
fn a_coprocessor_ends_a_request_with_its_own_errors() {
    let ended = |answer: Value| match verdict(&answer).unwrap() {
        Verdict::Ended(refusal) => (
            refusal.kind,
            serde_json::from_str::<Value>(&refusal.body()).unwrap(),
        ),
        Verdict::Granted(granted) => panic!("granted {granted:?}"),
    };
    let errors = json!({ "errors": [
        { "message": "Not authenticated.", "extensions": { "code": "ERR_UNAUTHENTICATED" } },
        { "message": "Go away.", "locations": [{ "line": 1, "column": 2 }], "extensions": { "code": "COPROCESSOR_BREAK" } },
    ] });
    assert_eq!(
        ended(json!({ "control": { "break": 401 }, "body": errors })),
        (RefusalKind::Http(StatusCode::UNAUTHORIZED), errors)
    );
    let with_message = |message: &str| json!({ "errors": [{ "message": message, "extensions": { "code": "COPROCESSOR_BREAK" } }] });
    let forbidden = RefusalKind::Http(StatusCode::FORBIDDEN);
    assert_eq!(
        ended(json!({ "control": { "break": 403 }, "body": "Go away." })),
        (forbidden, with_message("Go away."))
    );
    for body in [
        json!(null),
        json!({ "query": "{ me }" }),
        json!({ "data": { "me": null } }),
    ] {
        assert_eq!(
            ended(json!({ "control": { "break": 403 }, "body": body })),
            (forbidden, with_message("the coprocessor ended the request"))
        );
    }
}
