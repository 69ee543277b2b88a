//! Values that stand elsewhere: `${env.NAME}`, `${env.NAME:-default}` and `${file.path}` inside the configuration's
//! texts.

use serde_json::Value;

use super::Problem;

/// Replaces every reference in the document's texts. Those that lead nowhere are in the result.
pub(super) fn expand(document: &mut Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    expand_at(document, "", &mut problems);
    problems
}

fn expand_at(value: &mut Value, path: &str, problems: &mut Vec<Problem>) {
    match value {
        Value::String(text) if text.contains("${") => match expanded(text) {
            Ok(expanded) => *value = expanded,
            Err(message) => problems.push(Problem {
                path: path.to_owned(),
                message,
            }),
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                expand_at(item, &format!("{path}[{index}]"), problems);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let path = match path {
                    "" => key.clone(),
                    _ => format!("{path}.{key}"),
                };
                expand_at(value, &path, problems);
            }
        }
        _ => {}
    }
}

/// A text that is nothing but one reference may stand for a number or a boolean.
fn expanded(text: &str) -> Result<Value, String> {
    let is_one_reference = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
    let expanded = expand_text(text)?;
    Ok(match is_one_reference {
        true => plain(expanded),
        false => Value::String(expanded),
    })
}

/// Replaces `${env.NAME}`, `${env.NAME:-default}` and `${file.path}` in a text. An error says which of them leads nowhere.
pub fn expand_text(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (reference, behind) = behind
            .split_once('}')
            .ok_or("a reference that begins with ${ has to end with }")?;
        out.push_str(before);
        out.push_str(&resolve(reference)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(reference: &str) -> Result<String, String> {
    if let Some(path) = reference.strip_prefix("file.") {
        return std::fs::read_to_string(path)
            .map_err(|error| format!("the file \"{path}\" cannot be read: {error}"));
    }
    let Some(variable) = reference.strip_prefix("env.") else {
        return Err(format!(
            "${{{reference}}} is not a reference; write ${{env.NAME}} or ${{file.PATH}}"
        ));
    };
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    match (std::env::var(name), default) {
        (Ok(value), _) => Ok(value),
        (Err(_), Some(default)) => Ok(default.to_owned()),
        (Err(_), None) => Err(format!("the environment variable {name} is not set")),
    }
}

fn plain(text: String) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    match text.as_str() {
        "true" => true.into(),
        "false" => false.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_replaced_and_lost_ones_are_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "in the file").unwrap();
        let mut document = json!({
            "a": [format!("<${{file.{}}}>", file.path().display()), "$5"],
            "b": "${env.SOUK_NOT_SET:-7}",
            "c": { "d": "${env.SOUK_NOT_SET}", "e": ["${file./does/not/exist}", "${x}", "${env.A"] },
        });
        let problems = expand(&mut document);
        assert_eq!(document["a"], json!(["<in the file>", "$5"]));
        assert_eq!(document["b"], 7);
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 4, "{shown:?}");
        assert_eq!(
            shown[0],
            "c.d: the environment variable SOUK_NOT_SET is not set"
        );
        assert!(shown[1].starts_with("c.e[0]: the file \"/does/not/exist\" cannot be read"));
        assert!(shown[2].starts_with("c.e[1]: ${x} is not a reference"));
        assert!(shown[3].starts_with("c.e[2]: a reference"));
    }
}
