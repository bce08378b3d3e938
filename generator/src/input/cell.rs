//! The language of table cells: `function(argument, …)`.

use super::rules::Cell;
use crate::diagnostic::Code;

/// A function that makes cells. The server has the meaning.
pub struct Function {
    pub name: &'static str,
    /// Least number of arguments.
    pub least: usize,
    /// Largest number of arguments.
    pub most: usize,
    /// How many arguments from the first on are paths in the object.
    pub paths: usize,
}

const fn function(name: &'static str, least: usize, most: usize, paths: usize) -> Function {
    Function { name, least, most, paths }
}

/// All functions, by name.
pub const FUNCTIONS: &[Function] = &[
    function("access_modes", 1, 1, 1),
    function("age", 0, 2, 1),
    function("apiservice_available", 0, 0, 0),
    function("bool_text", 1, 2, 1),
    function("boolean", 1, 2, 1),
    function("claim_access_modes", 0, 0, 0),
    function("claim_capacity", 0, 0, 0),
    function("claim_state", 0, 0, 0),
    function("component_status", 0, 0, 0),
    function("condition", 3, 4, 1),
    function("controller", 0, 0, 0),
    function("count", 1, 4, 4),
    function("csr_condition", 0, 0, 0),
    function("duration", 1, 2, 1),
    function("endpoint_slice_ports", 0, 0, 0),
    function("endpoints", 0, 0, 0),
    function("event_count", 0, 0, 0),
    function("event_first_seen", 0, 0, 0),
    function("event_last_seen", 0, 0, 0),
    function("event_object", 0, 0, 0),
    function("event_source", 0, 0, 0),
    function("first", 1, 2, 1),
    function("fraction", 2, 2, 2),
    function("hpa_targets", 0, 1, 0),
    function("images", 1, 1, 1),
    function("ingress_class_parameters", 0, 0, 0),
    function("ingress_hosts", 0, 0, 0),
    function("ingress_ports", 0, 0, 0),
    function("integer", 1, 1, 1),
    function("job_completions", 0, 0, 0),
    function("job_duration", 0, 0, 0),
    function("job_status", 0, 0, 0),
    function("join", 2, 3, 1),
    function("labels", 1, 1, 1),
    function("load_balancer", 1, 1, 1),
    function("marked_name", 1, 2, 0),
    function("migrated_resource", 0, 0, 0),
    function("name", 0, 0, 0),
    function("names", 1, 1, 1),
    function("node_address", 1, 1, 0),
    function("node_roles", 0, 0, 0),
    function("node_selector", 1, 1, 1),
    function("node_status", 0, 0, 0),
    function("pair", 2, 3, 2),
    function("param_reference", 0, 0, 0),
    function("path", 1, 2, 1),
    function("phase", 1, 1, 1),
    function("pod_readiness_gates", 0, 0, 0),
    function("pod_ready", 0, 0, 0),
    function("pod_restart_count", 0, 0, 0),
    function("pod_restarts", 0, 0, 0),
    function("pod_status", 0, 0, 0),
    function("quota", 1, 1, 0),
    function("resource_reference", 1, 1, 1),
    function("sample", 1, 1, 1),
    function("selector", 1, 2, 1),
    function("service_external_ip", 0, 0, 0),
    function("service_ports", 0, 0, 0),
    function("storage_class", 0, 0, 0),
    function("storage_versions", 0, 0, 0),
    function("subjects", 1, 1, 0),
    function("text", 1, 2, 1),
    function("trim", 1, 1, 1),
];

/// Code, message and help.
type Failure = (Code, String, String);

/// Parses a cell and checks function and number of arguments.
pub fn parse(text: &str) -> Result<Cell, Failure> {
    let malformed = || {
        let help = "write `function(argument, …)`; arguments are paths with dots, or texts in double quotes";
        (Code::KF0204, format!("`{text}` is not a cell"), help.to_owned())
    };
    let (function, rest) = text.trim().split_once('(').ok_or_else(malformed)?;
    let inside = rest.strip_suffix(')').ok_or_else(malformed)?;
    let arguments = arguments(inside).ok_or_else(malformed)?;
    let Some(Function { least, most, .. }) = find(function) else {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        let help = match super::nearest(function, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", names.join(", ")),
        };
        return Err((Code::KF0205, format!("there is no cell function `{function}`"), help));
    };
    if !(*least..=*most).contains(&arguments.len()) {
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let message = format!("`{function}` takes {wanted} arguments, and {} are given", arguments.len());
        return Err((Code::KF0205, message, format!("give {wanted}")));
    }
    Ok(Cell { function: function.to_owned(), arguments })
}

fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Cell {
    /// The arguments that are paths in the object.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        let paths = find(&self.function).map_or(0, |function| function.paths);
        self.arguments.iter().take(paths).filter(|argument| !argument.starts_with('"'))
    }
}

/// Splits at commas outside of quotes.
fn arguments(text: &str) -> Option<Vec<String>> {
    let (mut arguments, mut current, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            ',' if !quoted => arguments.push(std::mem::take(&mut current)),
            _ => {
                quoted ^= c == '"';
                current.push(c);
            }
        }
    }
    if quoted {
        return None;
    }
    if !arguments.is_empty() || !current.trim().is_empty() {
        arguments.push(current);
    }
    let arguments: Vec<String> = arguments.iter().map(|argument| argument.trim().to_owned()).collect();
    arguments.iter().all(|argument| !argument.is_empty()).then_some(arguments)
}
