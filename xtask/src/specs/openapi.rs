//! OpenAPI v2 without `description`s.

use serde_json::{Map, Value};

use super::json_lines;

/// Keywords whose value maps names to objects: there, `description` is a name somebody chose.
const NAME_MAPS: [&str; 8] =
    ["definitions", "headers", "parameters", "paths", "properties", "responses", "scopes", "securityDefinitions"];

/// Keywords whose value is data, not OpenAPI.
const DATA: [&str; 4] = ["default", "enum", "example", "examples"];

/// Strips an OpenAPI v2 document. Keys come out sorted, which is upstream's order.
///
/// # Errors
/// The text is not an OpenAPI v2 document, or a response has a status this importer does not know.
pub fn facts(text: &str) -> Result<String, String> {
    let mut document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if document["swagger"] != "2.0" {
        return Err("it does not say `\"swagger\": \"2.0\"`, so it is no OpenAPI v2 document".to_owned());
    }
    strip(&mut document)?;
    Ok(json_lines::lines(&document.to_string()))
}

/// Drops the keyword `description` from an OpenAPI object and from all objects below it.
fn strip(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(strip),
        Value::Object(object) => {
            object.remove("description");
            for (key, value) in object {
                match value {
                    Value::Object(names) if NAME_MAPS.contains(&key.as_str()) => {
                        names.values_mut().try_for_each(strip)?;
                        if key == "responses" {
                            describe_responses(names)?;
                        }
                    }
                    _ if key.starts_with("x-") || DATA.contains(&key.as_str()) => {}
                    value => strip(value)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A response must have a description; HTTP has one for each status.
fn describe_responses(responses: &mut Map<String, Value>) -> Result<(), String> {
    for (status, response) in responses {
        let Value::Object(response) = response else { continue };
        response.insert("description".to_owned(), reason_phrase(status)?.into());
    }
    Ok(())
}

/// The reason phrase of RFC 9110, section 15, of the statuses Kubernetes' documents name.
fn reason_phrase(status: &str) -> Result<&'static str, String> {
    match status {
        "200" => Ok("OK"),
        "201" => Ok("Created"),
        "202" => Ok("Accepted"),
        "401" => Ok("Unauthorized"),
        _ => Err(format!("response status {status} has no phrase yet; add it in xtask/src/specs/openapi.rs")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stripped(document: Value) -> Value {
        serde_json::from_str(&facts(&document.to_string()).unwrap()).unwrap()
    }

    #[test]
    fn the_keyword_goes_and_the_name_stays() {
        let document = stripped(json!({
            "swagger": "2.0",
            "definitions": {
                "description": {"type": "string", "description": "prose"},
                "Schema": {
                    "description": "prose",
                    "properties": {
                        "description": {"description": "prose", "type": "string"},
                        "properties": {"additionalProperties": {"description": "prose", "$ref": "#"}},
                        "items": {"items": {"description": "prose", "type": "string"}}
                    },
                    "default": {"description": "data"},
                    "x-extension": {"description": "data"}
                }
            },
            "securityDefinitions": {"T": {"description": "prose", "type": "apiKey"}}
        }));
        assert_eq!(
            document,
            json!({
                "swagger": "2.0",
                "definitions": {
                    "description": {"type": "string"},
                    "Schema": {
                        "properties": {
                            "description": {"type": "string"},
                            "properties": {"additionalProperties": {"$ref": "#"}},
                            "items": {"items": {"type": "string"}}
                        },
                        "default": {"description": "data"},
                        "x-extension": {"description": "data"}
                    }
                },
                "securityDefinitions": {"T": {"type": "apiKey"}}
            })
        );
    }

    #[test]
    fn responses_are_described_by_their_status() {
        let operation = |text: &str| {
            json!({"swagger": "2.0", "paths": {"/": {"get": {
                "description": "prose",
                "parameters": [{"description": "prose", "name": "description"}],
                "responses": {"201": {"description": text, "schema": {"description": "prose"}}}
            }}}})
        };
        let get = &stripped(operation("prose"))["paths"]["/"]["get"];
        let expected = json!({
            "parameters": [{"name": "description"}],
            "responses": {"201": {"description": "Created", "schema": {}}}
        });
        assert_eq!(*get, expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(facts("{").is_err());
        assert!(facts(r#"{"openapi": "3.0.0"}"#).is_err());
        let odd = r#"{"swagger":"2.0","paths":{"/":{"get":{"responses":{"299":{"description":"prose"}}}}}}"#;
        assert!(facts(odd).unwrap_err().contains("299"));
    }
}
