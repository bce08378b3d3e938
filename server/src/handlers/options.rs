//! Query parameters of writes and reads, checked as upstream's option kinds are.

use kubeforge_machinery::status::{Cause, GroupResource};
use kubeforge_machinery::types::go::quote;

use crate::http::{Request, Status};

/// Group of the option kinds in error messages.
const META: &str = "meta.k8s.io";

/// What happens to unknown and duplicate fields of a document (KEP-2885).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// Options of create, update and patch.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    pub dry_run: bool,
    pub validation: FieldValidation,
}

/// Options of list, watch and deletecollection.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    pub label_selector: String,
    pub field_selector: String,
    /// 0: no limit.
    pub limit: usize,
    pub continue_token: String,
    /// `None` if it was not given.
    pub revision: Option<u64>,
    pub revision_match: RevisionMatch,
    pub timeout_seconds: Option<u64>,
    pub bookmarks: bool,
    pub initial_events: Option<bool>,
}

/// `resourceVersionMatch`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevisionMatch {
    #[default]
    Unset,
    Exact,
    NotOlderThan,
}

/// Options of a create, update or patch; `kind` is their name in errors, such as `CreateOptions`.
pub fn write(request: &Request, kind: &str) -> Result<WriteOptions, Status> {
    let mut errors = Vec::new();
    let dry_run = dry_run(&values(request, "dryRun"), &mut errors);
    let validation = match request.parameter("fieldValidation").unwrap_or_default() {
        "" | "Warn" => FieldValidation::Warn,
        "Ignore" => FieldValidation::Ignore,
        "Strict" => FieldValidation::Strict,
        other => {
            let supported = ["", "Ignore", "Strict", "Warn"];
            errors.push(Cause::not_supported("fieldValidation", quote(other), &supported));
            FieldValidation::Warn
        }
    };
    let manager = request.parameter("fieldManager").unwrap_or_default();
    if manager.len() > 128 {
        errors.push(Cause::invalid("fieldManager", quote(manager), "may not be more than 128 bytes"));
    }
    if manager.chars().any(char::is_control) {
        errors.push(Cause::invalid("fieldManager", quote(manager), "should only contain printable characters"));
    }
    if errors.is_empty() { Ok(WriteOptions { dry_run, validation }) } else { Err(invalid(kind, errors)) }
}

/// Whether `dryRun` asks for one; the only value is `All`.
pub fn dry_run(values: &[impl AsRef<str>], errors: &mut Vec<Cause>) -> bool {
    if values.iter().any(|value| value.as_ref() != "All") {
        let shown: Vec<String> = values.iter().map(|value| quote(value.as_ref())).collect();
        let shown = format!("[]string{{{}}}", shown.join(", "));
        errors.push(Cause::not_supported("dryRun", shown, &["All"]));
    }
    !values.is_empty()
}

/// 422 for an option kind.
pub fn invalid(kind: &str, errors: Vec<Cause>) -> Status {
    Status::invalid(GroupResource { group: META, resource: kind }, "", errors)
}

/// All values of a parameter that are not empty.
pub fn values(request: &Request, name: &str) -> Vec<String> {
    request.query.iter().filter(|(key, value)| key == name && !value.is_empty()).map(|(_, v)| v.clone()).collect()
}

/// Options of a list or, with `watch`, of a watch.
pub fn list(request: &Request, watch: bool, watch_list: bool) -> Result<ListOptions, Status> {
    let text = |name: &str| request.parameter(name).unwrap_or_default().to_owned();
    let number = |name: &str| integer(request.parameter(name));
    let mut options = ListOptions {
        label_selector: text("labelSelector"),
        field_selector: text("fieldSelector"),
        limit: number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default(),
        continue_token: text("continue"),
        revision: revision(request)?,
        revision_match: RevisionMatch::Unset,
        timeout_seconds: number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok()),
        bookmarks: boolean(request.parameter("allowWatchBookmarks"))?.unwrap_or_default(),
        initial_events: boolean(request.parameter("sendInitialEvents"))?,
    };
    let errors = check(&mut options, &text("resourceVersionMatch"), watch, watch_list);
    if errors.is_empty() { Ok(options) } else { Err(invalid("ListOptions", errors)) }
}

/// The resourceVersion to read at; bad text is 500 without reason, as upstream answers it.
pub fn revision(request: &Request) -> Result<Option<u64>, Status> {
    match request.parameter("resourceVersion").unwrap_or_default() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Status::internal(format!(
                "resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax",
                quote(text)
            ))
        }),
    }
}

fn check(options: &mut ListOptions, wanted: &str, watch: bool, watch_list: bool) -> Vec<Cause> {
    let mut errors = Vec::new();
    let forbid = |errors: &mut Vec<Cause>, field: &str, detail: &str| {
        errors.push(Cause::forbidden(field, detail));
    };
    if options.initial_events.is_some() {
        let field = "sendInitialEvents";
        if !watch {
            forbid(&mut errors, field, "sendInitialEvents is forbidden for list");
        } else if !watch_list {
            let detail = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            forbid(&mut errors, field, detail);
        } else if wanted != "NotOlderThan" {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            forbid(&mut errors, "resourceVersionMatch", detail);
        }
        options.revision_match = RevisionMatch::NotOlderThan;
        return errors;
    }
    if wanted.is_empty() {
        return errors;
    }
    let field = "resourceVersionMatch";
    if watch {
        forbid(&mut errors, field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    }
    if options.revision.is_none() {
        forbid(&mut errors, field, "resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    if !options.continue_token.is_empty() {
        forbid(&mut errors, field, "resourceVersionMatch is forbidden when continue is provided");
    }
    match wanted {
        "NotOlderThan" => options.revision_match = RevisionMatch::NotOlderThan,
        "Exact" => {
            options.revision_match = RevisionMatch::Exact;
            if options.revision == Some(0) {
                let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                forbid(&mut errors, field, detail);
            }
        }
        other => errors.push(Cause::not_supported(field, quote(other), &["Exact", "NotOlderThan", ""])),
    }
    errors
}

/// A whole number as Go's `ParseInt` reads it; empty is absent.
pub fn integer(text: Option<&str>) -> Result<Option<i64>, Status> {
    match text.unwrap_or_default() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {}: invalid syntax", quote(text)))),
    }
}

/// A boolean of a query: `false` and `0` are false, anything else is true; absent is absent.
pub fn boolean(text: Option<&str>) -> Result<Option<bool>, Status> {
    Ok(text.map(|value| !value.eq_ignore_ascii_case("false") && value != "0"))
}

/// 400 if the `timeout` parameter is no Go duration.
pub fn check_timeout(request: &Request) -> Result<(), Status> {
    match request.parameter("timeout").unwrap_or_default() {
        "" => Ok(()),
        text if is_duration(text) => Ok(()),
        text => Err(Status::bad_request(format!(
            "invalid timeout specified in the request URL - time: invalid duration {}",
            quote(text)
        ))),
    }
}

/// Whether Go's `ParseDuration` reads the text: numbers with units, such as `1h2.5s`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let is_number = number.contains(|c: char| c.is_ascii_digit()) && number.matches('.').count() <= 1;
        if !is_number || !["ns", "us", "µs", "μs", "ms", "s", "m", "h"].contains(&unit) {
            return false;
        }
        any = true;
        rest = tail;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        for good in ["0", "32s", "1h2m3.5s", "-1ms", "5µs"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["abc", "5", "", "s", "1.2.3s", "-"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn dry_run_is_all_or_an_error() {
        let mut errors = Vec::new();
        assert!(dry_run(&["All".to_owned()], &mut errors) && errors.is_empty());
        dry_run(&["Some".to_owned()], &mut errors);
        assert_eq!(errors[0].message, "Unsupported value: []string{\"Some\"}: supported values: \"All\"");
    }
}
